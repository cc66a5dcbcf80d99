import { afterEach, describe, expect, test } from 'vitest'
import { type Address, formatAddress } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import { reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Queue, queue } from '../services/queue.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const add = (name: string): Edit => ({ kind: 'add-recipient', address: at(name) })
const remove = (name: string): Edit => ({ kind: 'remove-recipient', address: at(name) })
const redirect = (name: string): Edit => ({ kind: 'redirect', address: at(name) })

let host: TestHost | undefined
afterEach(() => host?.stop())

/** Who gets a message to `a`, and to others, after the edits, and the answer. `lost` leads nowhere, `late` nowhere now. */
async function send(
  edits: readonly Edit[],
  ...others: readonly string[]
): Promise<{ code: number | undefined; to: readonly string[] }> {
  const to: string[] = []
  const plugin = definePlugin({
    name: 'test',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(queue, {
        async accept({ variants }) {
          const recipients = variants.flatMap((variant) => variant.recipients)
          to.push(...recipients.map(({ forwardPath }) => formatAddress(forwardPath)))
          return recipients.map(({ forwardPath }) => ({
            recipient: forwardPath,
            reply: reply(250, '2.0.0', 'Taken'),
          }))
        },
      } as Pick<Queue, 'accept'> as Queue)
      hooks.data.rewriteMessage.tap('edit', async (before) => [...before, ...edits])
      hooks.envelope.claimRecipient.tap('all', async () => ({ reason: 'all' }))
      hooks.delivery.route.tap('all', async ({ address }) => {
        if (address.localPart === 'late') throw new Error('not now')
        return address.localPart === 'lost' ? undefined : { kind: 'remote', address }
      })
      return undefined
    },
  })
  host = await createTestHost({ plugins: [plugin()] })
  const mail = await host.flow
    .openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.9', port: 999 },
    })
    .mail(at('sender'))
  if (!mail.ok) throw new Error('refused')
  for (const name of ['a', ...others]) await mail.transaction.recipient(at(name))
  const [answer] = await mail.transaction.message(bufferContent(Buffer.from('Subject: x\r\n\r\n')))
  return { code: answer?.reply.code, to }
}

const told = () =>
  (host?.log.lines ?? [])
    .filter(({ event, recipient }) => event === 'refused' && recipient !== undefined)
    .map(({ level, recipient, text }) => [level, recipient, /\d{3} \d\.\d\.\d/.exec(String(text))?.[0]])

async function leftOut(): Promise<readonly number[]> {
  const families = (await host?.host.instruments.metrics.gather()) ?? []
  const found = families.find(({ name }) => name === 'mailwright_recipients_left_out_total')
  return (found?.samples ?? []).map(({ value }) => value)
}

describe('a recipient that an edit adds', () => {
  test('and that leads nowhere for good is left out, and told of', async () => {
    expect(await send([add('lost'), add('b')])).toEqual({
      code: 250,
      to: ['a@example.org', 'b@example.org'],
    })
    expect(told()).toEqual([['error', 'lost@example.org', '550 5.7.1']])
    expect(await leftOut()).toEqual([1])
    const entries = (await host?.history()) ?? []
    expect(entries.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^lost@example\.org: 550 /))
  })

  test.each([
    ['leads nowhere now', [add('late'), add('b')], [['warn', 'late@example.org', '451 4.3.0']]],
    [
      'leads nowhere, and nobody is left',
      [redirect('lost'), add('b')],
      [['warn', 'lost@example.org', '550 5.7.1']],
    ],
    [
      'leads nowhere in the place of all',
      [remove('a'), add('lost')],
      [['warn', 'lost@example.org', '550 5.7.1']],
    ],
  ])('and that %s defers the message, and is told of', async (_, edits, lines) => {
    expect(await send(edits)).toEqual({ code: 451, to: [] })
    expect(told()).toEqual(lines)
    expect(await leftOut()).toEqual([])
  })

  test('and that leads nowhere in the place of one of several defers the message', async () => {
    expect(await send([remove('a'), add('lost')], 'boss')).toEqual({ code: 451, to: [] })
    expect(told()).toEqual([['warn', 'lost@example.org', '550 5.7.1']])
  })

  test('and that leads nowhere is left out where what is removed was not there', async () => {
    expect(await send([remove('z'), add('lost')])).toEqual({ code: 250, to: ['a@example.org'] })
  })

  test.each([
    ['is discarded', [add('lost'), { kind: 'discard' } as const]],
    ['is removed', [add('lost'), remove('lost'), remove('a')]],
  ])('and that %s is not looked for', async (_, edits) => {
    expect(await send(edits)).toEqual({ code: 250, to: [] })
    expect(told()).toEqual([])
  })

  test('alone gets what is redirected', async () => {
    expect(await send([add('b'), redirect('c'), add('d')])).toEqual({ code: 250, to: ['c@example.org'] })
  })
})
