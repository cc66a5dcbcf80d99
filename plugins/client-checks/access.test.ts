import { formatReply, type Transaction } from 'mailwright'
import { fakeResolver } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { type AccessInput, matchingRule } from './access.ts'
import { parseOptions } from './options.ts'

const resolver = fakeResolver({
  '192.0.2.10': { ptr: ['mx.client.example'] },
  'mx.client.example': { a: ['192.0.2.10'] },
})
const transaction = {
  session: {
    remote: { address: '192.0.2.10', port: 1 },
    hello: { name: 'Out.Client.Example', extended: true },
  },
  reversePath: { localPart: 'News', domain: 'list.sender.example' },
} as Transaction
const bounce = { ...transaction, reversePath: null }

async function outcome(access: readonly AccessInput[], of = transaction): Promise<string | undefined> {
  const rule = await matchingRule(parseOptions({ access }).access, of, resolver)
  return rule && (rule.refusal === undefined ? 'ok' : formatReply(rule.refusal))
}

describe('a rule', () => {
  it.each<Omit<AccessInput, 'action'>>([
    {},
    { clients: ['198.51.100.0/24', '192.0.2.0/24'] },
    { clientNames: ['mx.client.example'] },
    { clientNames: ['Client.Example'] },
    { clientNames: ['.client.example'] },
    { hellos: ['client.example'] },
    { senders: ['news@list.sender.example'] },
    { senders: ['NEWS@'] },
    { senders: ['sender.example'] },
    { senders: ['.sender.example'] },
    { senders: ['@list.sender.example'] },
    { clientNames: ['@mx.client.example'] },
    { clients: ['192.0.2.10'], hellos: ['other.example', 'example'] },
  ])('%j fits', async (rule) => {
    expect(await outcome([{ ...rule, action: 'ok' }])).toBe('ok')
  })

  it.each<Omit<AccessInput, 'action'>>([
    { clients: ['192.0.3.0/24'] },
    { clients: [] },
    { clientNames: ['.mx.client.example'] },
    { clientNames: ['lient.example'] },
    { hellos: ['mx.client.example'] },
    { senders: ['<>'] },
    { senders: ['news@sender.example'] },
    { senders: ['new@'] },
    { senders: ['@sender.example'] },
    { hellos: ['@client.example'] },
    { clients: ['192.0.2.10'], senders: ['other.example'] },
  ])('%j does not', async (rule) => {
    expect(await outcome([{ ...rule, action: 'ok' }])).toBeUndefined()
  })

  it('is about the name that a trusted peer has stated', async () => {
    const remote = { address: '192.0.2.10', port: 1, name: 'told.example' }
    const told = { ...transaction, session: { ...transaction.session, remote } }
    expect(await outcome([{ clientNames: ['told.example'], action: 'ok' }], told)).toBe('ok')
    expect(await outcome([{ clientNames: ['mx.client.example'], action: 'ok' }], told)).toBeUndefined()
  })

  it('may be about the null sender', async () => {
    expect(await outcome([{ senders: ['<>'], action: 'ok' }], bounce)).toBe('ok')
    expect(await outcome([{ senders: ['sender.example', 'news@'], action: 'ok' }], bounce)).toBeUndefined()
  })

  it('refuses with its text, and the first one counts', async () => {
    expect(await outcome([{ clients: ['192.0.2.0/24'], action: 'refuse', text: 'Not you' }])).toBe(
      '554 5.7.1 Not you',
    )
    expect(await outcome([{ action: 'defer' }])).toBe('450 4.7.1 Access denied by our local policy')
    expect(await outcome([{ hellos: ['client.example'], action: 'ok' }, { action: 'refuse' }])).toBe('ok')
    expect(await outcome([])).toBeUndefined()
  })
})

it.each<[object, readonly string[]]>([
  [{ access: [{}] }, ['access[0].action']],
  [{ access: [{ action: 'ok', clients: ['192.0.2.1/24'] }] }, ['access[0].clients[0]']],
  [
    { access: [{ action: 'ok', hellos: ['a b'], senders: ['a@b@c d'] }] },
    ['access[0].hellos[0]', 'access[0].senders[0]'],
  ],
  [{ access: [{ action: 'reject' }] }, ['access[0].action']],
  [{ unknownHello: 'on', bogusMx: Number.NaN }, ['unknownHello', 'bogusMx']],
  [
    { ownNames: ['x y'], refusedMx: ['x'], roles: ['imap'], exempt: ['y'] },
    ['ownNames[0]', 'refusedMx[0]', 'roles', 'exempt[0]'],
  ],
])('%j has faults at %j', (input, faults) => {
  expect(faultPathsOf(parseOptions, input)).toEqual(faults)
})
