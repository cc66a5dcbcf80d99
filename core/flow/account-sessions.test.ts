import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { UnavailableError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Accounts, accounts, type Verification } from '../services/accounts.ts'
import { notifier } from '../services/notifier.ts'
import { tokens } from '../services/tokens.ts'
import { Pacer } from '../summary/pacer.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import { type AccountHint, tellAccountChange } from './account-hint.ts'
import type { SessionFlow } from './flow.ts'

const jo: Account = { id: 'a1', address: { localPart: 'jo', domain: 'example.org' }, quotaBytes: 100 }

/** What the accounts service says of jo; an error where it is away. */
let found: Account | undefined | Error
let looks: number
let clock: FakeClock
let host: TestHost
let ended: string[]
let quotas: (number | undefined)[]

const service: Partial<Accounts> = {
  supports: { identify: true } as Accounts['supports'],
  async byId() {
    looks += 1
    if (found instanceof Error) throw found
    return found
  },
  async verify(_login, secret): Promise<Verification> {
    return { ok: true, account: jo, ...(secret === 'phone' ? { appPassword: 'phone' } : {}) }
  },
  identify: async () => ({ ok: true, account: jo }),
}

beforeEach(async () => {
  found = jo
  looks = 0
  ended = []
  quotas = []
  clock = fakeClock()
  const plugin = definePlugin({
    name: 'test',
    provides: [accounts, tokens],
    parseOptions: noOptions,
    setup({ provide }) {
      provide(accounts, service as Accounts)
      provide(tokens, { hints: {}, introspect: async () => ({ active: true, login: 'jo@example.org' }) })
      return undefined
    },
  })
  host = await createTestHost({ plugins: [plugin()], clock })
})
afterEach(() => host.stop())

async function logIn(name: string, proof: string | { token: string } = 'secret'): Promise<SessionFlow> {
  const local = { address: '192.0.2.1', port: 110 }
  const session = host.flow.openSession({
    role: 'pop3',
    local,
    remote: { address: '192.0.2.9', port: 999 },
    end: (reason) => void ended.push(`${name}: ${reason}`),
    accountChanged: ({ quotaBytes }) => void quotas.push(quotaBytes),
  })
  expect(await session.login({ mechanism: 'PLAIN', login: 'jo@example.org' }, proof)).toMatchObject({
    ok: true,
  })
  return session
}

function tell(hint: AccountHint): void {
  tellAccountChange(host.host.service(notifier), hint)
}

const aMinute = 60_000

describe('once a minute it is looked whether an account may still', () => {
  test.each<[string, Account | undefined]>([
    ['The account is gone', undefined],
    ['The account is disabled', { ...jo, disabled: true }],
    ['The account may not use pop3', { ...jo, disabledProtocols: ['imap', 'pop3'] }],
  ])('%s', async (reason, account) => {
    await logIn('one')
    await clock.advance(aMinute)
    expect(ended).toEqual([])
    found = account
    await clock.advance(aMinute)
    await vi.waitFor(() => expect(ended).toEqual([`one: ${reason}`]))
  })

  test('one that may goes on, with the quota of now', async () => {
    const session = await logIn('one')
    found = { ...jo, quotaBytes: 200, disabledProtocols: ['imap'] }
    await clock.advance(aMinute)
    await vi.waitFor(() => expect(quotas).toEqual([200]))
    expect(session.session.account).toEqual(found)
    expect(ended).toEqual([])
  })

  test('nobody is sent away while accounts cannot be had', async () => {
    await logIn('one')
    found = new UnavailableError('away')
    await clock.advance(aMinute)
    await vi.waitFor(() => expect(looks).toBe(1))
    found = undefined
    await clock.advance(aMinute)
    await vi.waitFor(() => expect(ended).toEqual(['one: The account is gone']))
  })

  test('others get their turn between two accounts', async () => {
    await logIn('one')
    const isDue = vi.spyOn(Pacer.prototype, 'isDue', 'get').mockReturnValue(true)
    const rest = vi.spyOn(Pacer.prototype, 'rest')
    onTestFinished(() => [isDue, rest].forEach((spy) => void spy.mockRestore()))
    await clock.advance(aMinute)
    await vi.waitFor(() => expect(rest).toHaveBeenCalledTimes(1))
    expect(looks).toBe(1)
  })

  test('whose sessions are over is not looked at any more', async () => {
    const [one, other] = [await logIn('one'), await logIn('other')]
    one.close()
    other.loggedOut()
    found = undefined
    await clock.advance(10 * aMinute)
    expect([looks, ended]).toEqual([0, []])
  })
})

describe('hints', () => {
  test('have an account looked at at once', async () => {
    await logIn('one')
    found = undefined
    tell({ account: 'a2' })
    tell({ account: 'a1' })
    await vi.waitFor(() => expect(ended).toEqual(['one: The account is gone']))
    expect(looks).toBe(1)
  })

  test.each<[string, unknown]>([
    ['any account', {}],
    ['hints that were missed', { missed: true }],
    ['nonsense', 'x'],
  ])('%s: all are looked at', async (_, payload) => {
    await logIn('one')
    found = undefined
    host.host.service(notifier).publish('accounts', payload)
    await vi.waitFor(() => expect(ended).toHaveLength(1))
  })

  test.each<[AccountHint['end'] & string, string[]]>([
    ['password', ['own: The password has changed']],
    ['app-password', ['phone: The app password is gone']],
    ['all', ['own: Log in again', 'phone: Log in again', 'token: Log in again']],
  ])('%s ends the sessions that it opened', async (end, expected) => {
    await logIn('own')
    await logIn('phone', 'phone')
    await logIn('token', { token: 'x' })
    tell({ account: 'a1', end, appPassword: 'phone' })
    await vi.waitFor(() => expect(looks).toBe(1))
    expect(ended).toEqual(expected)
  })

  test('another app password is another', async () => {
    await logIn('phone', 'phone')
    tell({ account: 'a1', end: 'app-password', appPassword: 'tablet' })
    await vi.waitFor(() => expect(looks).toBe(1))
    expect(ended).toEqual([])
  })
})
