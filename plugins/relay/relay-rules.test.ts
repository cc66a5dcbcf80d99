import {
  type Accounts,
  type Address,
  parseAddress,
  type Resolution,
  type RouteResult,
  reply,
  UnavailableError,
} from 'mailwright'
import { describe, expect, test } from 'vitest'
import type { Client } from './grounds.ts'
import { parseOptions } from './options.ts'
import { RelayRules } from './relay-rules.ts'

const at = (text: string): Address => parseAddress(text) as Address
const jo = { id: 'jo', address: at('jo@here.example') }

/** jo, an odd alias, and a catch-all. */
const accounts = {
  async resolve({ localPart, domain }: Address): Promise<Resolution> {
    if (domain === 'late.example') throw new UnavailableError('not now')
    if (domain !== 'here.example') return { kind: 'foreign' }
    if (localPart === 'jo') return { kind: 'account', account: jo }
    return { kind: 'alias', addresses: [jo.address], via: localPart === 'odd%one' ? 'alias' : 'catch-all' }
  },
} as unknown as Accounts

const client = (role: Client['role'] = 'transfer', address = '192.0.2.7'): Client => ({
  role,
  remote: { address, port: 1 },
  tls: undefined,
  account: undefined,
  ownClient: undefined,
})

/** What other plugins expand, by local part. */
const delivery = {
  async route({ address }: { address: Address }): Promise<RouteResult> {
    const routes = [{ kind: 'remote', address }] as const
    const [name = '', via = 'nothing'] = address.localPart.split('%')
    if (name !== 'by') return { ok: true, routes }
    if (via === 'later') return { ok: false, reply: reply(451, '4.3.0', 'Later') }
    if (via === 'loop') return { ok: false, reply: reply(554, '5.4.6', 'Loop'), via: 'alias' }
    return { ok: true, routes, via }
  },
}

function rules(options: Record<string, unknown> = {}, service: Accounts | null = accounts): RelayRules {
  const parts = { accounts: service ?? undefined, backupRecipients: undefined, delivery }
  return new RelayRules(parseOptions(options), parts)
}

describe('refusals', () => {
  test.each([
    ['jo@here.example', undefined],
    ['odd%one@here.example', undefined],
    ['other%one@here.example', '5.7.1'],
    ['"a@b"@here.example', '5.7.1'],
    ['a!b@here.example', '5.7.1'],
    // Whoever else may take that domain.
    ['a%b@virtual.example', '5.7.1'],
    ['a@virtual.example', undefined],
    // What another plugin has by that very name, and what it has by a part of it.
    ['by%alias@here.example', undefined],
    ['by%loop@here.example', undefined],
    ['by%srs@srs.example', undefined],
    ['by%catch-all@here.example', '5.7.1'],
    ['by%pattern@here.example', '5.7.1'],
    ['by%canonical@here.example', '5.7.1'],
    ['by%later@here.example', '4.3.0'],
    ['a@[192.0.2.1]', '5.1.2'],
    ['a@localhost', '5.1.2'],
    ['by%alias@[192.0.2.1]', undefined],
    ['by%catch-all@localhost', '5.7.1'],
  ])('%s from a stranger: %s', async (text, enhanced) => {
    expect((await rules().refuse(client(), at(text)))?.enhanced).toBe(enhanced)
  })

  test('a site’s own MTA has decided already', async () => {
    expect(await rules().refuse(client('lmtp'), at('other%one@here.example'))).toBeUndefined()
    expect(await rules().refuse(client('local'), at('other%one@here.example'))).toBeUndefined()
  })

  test('whom another plugin claims may name a path at other hosts, but an account has to have a ground', async () => {
    const address = at('a%b@virtual.example')
    const claimed = { ...client(), ownClient: 'after a login of jo@here.example' }
    expect(await rules().refuse(claimed, address)).toBeUndefined()
    // What everybody's mail is taken for needs no claim that would look at the sender.
    const backup = rules({ backupMxFor: ['virtual.example'] })
    expect((await backup.refuse(claimed, address))?.enhanced).toBe('5.7.1')
    const behind = rules({ nextHop: 'smart.example' })
    expect((await behind.refuse(claimed, address))?.enhanced).toBe('5.7.1')
    expect((await rules().refuse(claimed, at('a%b@here.example')))?.enhanced).toBe('5.7.1')
    const user = { ...client('submission'), account: jo, ownClient: 'an authenticated user' }
    expect(await rules().refuse(user, address)).toBeUndefined()
    expect((await rules({ accounts: [] }).refuse(user, address))?.enhanced).toBe('5.7.1')
  })

  test('literals may be allowed', async () => {
    const options = { addressLiterals: true, networks: ['192.0.2.7'] }
    expect(await rules(options).refuse(client(), at('a@[192.0.2.1]'))).toBeUndefined()
    expect(await rules(options).claim(client(), at('a@[192.0.2.1]'))).toBeDefined()
  })

  test('the bare postmaster is nobody else’s', async () => {
    const postmaster = { localPart: 'postmaster', domain: '' }
    const trusting = rules({ networks: ['192.0.2.7'] }, null)
    expect(await trusting.refuse(client(), postmaster)).toBeUndefined()
    expect(await trusting.claim(client(), postmaster)).toBeUndefined()
    expect(await trusting.route(postmaster)).toBeUndefined()
  })
})

describe('claims and routes', () => {
  test('a backup MX takes mail from everybody, but not by LMTP', async () => {
    const backup = rules({ backupMxFor: ['backup.example', 'here.example'] })
    expect(await backup.claim(client(), at('x@backup.example'))).toEqual({
      reason: 'backup MX for backup.example',
    })
    expect(await backup.claim(client('lmtp'), at('x@backup.example'))).toBeUndefined()
    // What is ours stays ours.
    expect(await backup.claim(client(), at('jo@here.example'))).toBeUndefined()
    expect(await backup.route(at('jo@here.example'))).toBeUndefined()
  })

  test('without accounts nothing is ours', async () => {
    const all = rules({ networks: ['192.0.2.7'] }, null)
    expect(await all.claim(client(), at('jo@here.example'))).toBeDefined()
    expect(await all.claim(client('transfer', '192.0.2.8'), at('jo@here.example'))).toBeUndefined()
    expect(await all.route(at('jo@here.example'))).toEqual({ kind: 'remote', address: at('jo@here.example') })
  })

  test('nothing is decided while the accounts are away', async () => {
    const trusting = rules({ networks: ['192.0.2.7'], backupMxFor: ['late.example'] })
    const address = at('x@late.example')
    for (const asked of [
      trusting.refuse(client(), address),
      trusting.claim(client(), address),
      trusting.route(address),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })
})
