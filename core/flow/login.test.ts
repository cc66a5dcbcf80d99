import { describe, expect, test, vi } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import type { Account } from '../model/account.ts'
import { reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Accounts, accounts, type ScramKeys, type Verification } from '../services/accounts.ts'
import { type TokenFacts, type Tokens, tokens } from '../services/tokens.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import type { LoginResult, ScramStart, SessionFlow } from './flow.ts'

// Logins by password are in session.test.ts.

const jo: Account = { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } }
const eve: Account = { id: 'a2', address: { localPart: 'eve', domain: 'example.org' } }
const keys: ScramKeys = { storedKey: Buffer.alloc(32, 1), serverKey: Buffer.alloc(32, 2) }
const unknown: Verification = { ok: false, reason: 'unknown' }

interface Parts {
  readonly service?: Partial<Accounts>
  readonly token?: Partial<Tokens>
  readonly taps?: (hooks: Hooks) => void
  readonly clock?: FakeClock
}

function hostWith({ service = {}, token, taps, ...options }: Parts): Promise<TestHost> {
  const plugin = definePlugin({
    name: 'test',
    provides: token === undefined ? [accounts] : [accounts, tokens],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(accounts, service as Accounts)
      if (token !== undefined)
        provide(tokens, { hints: {}, introspect: async () => ({ active: false }), ...token })
      taps?.(hooks)
    },
  })
  return createTestHost({ ...options, plugins: [plugin()] })
}

function open(host: TestHost): SessionFlow {
  const local = { address: '192.0.2.1', port: 110 }
  return host.flow.openSession({ role: 'pop3', local, remote: { address: '192.0.2.9', port: 999 } })
}

/** What the history says of logins. */
async function told(host: TestHost): Promise<readonly unknown[]> {
  const entries = await host.history({})
  return entries
    .filter(({ verb }) => verb === 'logged-in' || verb === 'login-failed')
    .map(({ text, facts }) => [text, facts])
}

const supports = { scram: true, identify: true } as Accounts['supports']

describe('what can be verified', () => {
  test.each<[string, Parts, object]>([
    [
      'nothing beside passwords',
      { service: { supports: {} as Accounts['supports'] } },
      { scram: [], cramMd5: false, tokens: undefined },
    ],
    [
      'CRAM-MD5',
      {
        service: {
          supports: { cramMd5: true } as Accounts['supports'],
          verifyCramMd5: async () => unknown,
        },
      },
      { scram: [], cramMd5: true, tokens: undefined },
    ],
    [
      'SCRAM, and tokens that nobody knows',
      { service: { supports, scramVerifier: () => Promise.reject(new Error('down')) } },
      { scram: ['SCRAM-SHA-256'], cramMd5: false, tokens: undefined },
    ],
    [
      'nothing that is announced and not there',
      { service: { supports: { scram: true, cramMd5: true } as Accounts['supports'] } },
      { scram: [], cramMd5: false, tokens: undefined },
    ],
    [
      'tokens',
      {
        service: { supports: { identify: true } as Accounts['supports'] },
        token: { hints: { scope: 'mail' } },
      },
      { scram: [], cramMd5: false, tokens: { scope: 'mail' } },
    ],
    [
      'tokens, and accounts that cannot be asked who that is',
      { service: { supports: {} as Accounts['supports'] }, token: {} },
      { scram: [], cramMd5: false, tokens: undefined },
    ],
  ])('%s', async (_, parts, abilities) => {
    await using host = await hostWith(parts)
    expect(open(host).loginAbilities).toEqual(abilities)
  })
})

describe('a login by CRAM-MD5', () => {
  const attempt = { mechanism: 'CRAM-MD5', login: 'jo@example.org' }
  const response = { challenge: '<1.2@localhost>', digest: Buffer.alloc(16) }

  test('is judged by the accounts, and a failure is told to whoever counts', async () => {
    const failed = vi.fn(async () => undefined)
    const asked = vi.fn(async (...[, given]: Parameters<NonNullable<Accounts['verifyCramMd5']>>) =>
      given === response
        ? ({ ok: true, account: jo } as const)
        : ({ ok: false, reason: 'wrong-secret' } as const),
    )
    await using host = await hostWith({
      service: { verifyCramMd5: asked },
      taps: (hooks) => hooks.connection.loginFailed.tap('see', failed),
    })
    expect(await open(host).login(attempt, { ...response })).toMatchObject({ reply: { code: 535 } })
    expect(failed).toHaveBeenCalledTimes(1)
    const session = open(host)
    expect(await session.login(attempt, response)).toEqual({ ok: true, account: jo })
    expect(session.session.account).toEqual(jo)
    expect(asked).toHaveBeenLastCalledWith('jo@example.org', response, 'pop3')
    expect(await told(host)).toEqual([
      ['jo@example.org: wrong-secret', { mechanism: 'CRAM-MD5' }],
      ['jo@example.org', { mechanism: 'CRAM-MD5' }],
    ])
  })

  test('fails at a time that does not tell what was looked for', async () => {
    const clock = fakeClock()
    const asked = vi.fn(async () => unknown)
    await using host = await hostWith({ service: { verifyCramMd5: asked }, clock })
    const settled = vi.fn()
    const result = open(host).login(attempt, response).finally(settled)
    await vi.waitFor(() => expect(asked).toHaveBeenCalled())
    clock.advance(24)
    await new Promise(setImmediate)
    expect(settled).not.toHaveBeenCalled()
    clock.advance(1)
    expect(await result).toMatchObject({ reply: { code: 535 } })
  })

  test('succeeds at once', async () => {
    const clock = fakeClock()
    const verifyCramMd5 = async () => ({ ok: true, account: jo }) as const
    await using host = await hostWith({ service: { verifyCramMd5 }, clock })
    expect(await open(host).login(attempt, response)).toMatchObject({ ok: true })
  })

  test('cannot be verified where the accounts cannot', async () => {
    await using host = await hostWith({})
    expect(await open(host).login(attempt, response)).toMatchObject({ reply: { code: 454 } })
  })
})

describe('a login by SCRAM', () => {
  const attempt = { mechanism: 'SCRAM-SHA-256', login: 'jo@example.org' }
  const verified: Verification = { ok: true, account: jo, appPassword: 'Phone' }

  function service(verify: (proven: ScramKeys | undefined) => Promise<Verification>): Partial<Accounts> {
    const verifier = { salt: Buffer.from('salt'), iterations: 4096, keys: [keys], verify }
    return { supports, scramVerifier: async () => verifier }
  }

  async function start(session: SessionFlow, given = attempt): Promise<ScramStart & { ok: true }> {
    const started = await session.beginScram(given, 'SCRAM-SHA-256')
    if (!started.ok) throw new Error(JSON.stringify(started.reply))
    return started
  }

  test('enters when it is completed, and not before', async () => {
    const entered = vi.fn(async () => undefined)
    await using host = await hostWith({
      service: service(async (proven) => (proven === keys ? verified : unknown)),
      taps: (hooks) => hooks.connection.loggedIn.tap('see', entered),
    })
    const session = open(host)
    const { login } = await start(session)
    expect(login).toMatchObject({ salt: Buffer.from('salt'), iterations: 4096, keys: [keys] })
    const proven = await login.verify(keys)
    if (!proven.ok) throw new Error('not proven')
    expect([session.session.account, entered.mock.calls.length]).toEqual([undefined, 0])
    expect(await proven.complete()).toEqual({ ok: true, account: jo })
    expect([session.session.account, entered.mock.calls.length]).toEqual([jo, 1])
    expect(await told(host)).toEqual([
      ['jo@example.org', { mechanism: 'SCRAM-SHA-256', appPassword: 'Phone' }],
    ])
  })

  test.each<[string, Verification, ScramKeys | undefined, number, string]>([
    ['without a proof', { ok: false, reason: 'wrong-secret' }, undefined, 535, 'wrong-secret'],
    ['of an account that may not', { ok: false, reason: 'disabled' }, keys, 535, 'disabled'],
    ['that the provider accepts without a proof', verified, undefined, 454, 'could not be verified'],
  ])('%s fails', async (_, answer, proven, code, reason) => {
    const failed = vi.fn(async () => undefined)
    await using host = await hostWith({
      service: service(async () => answer),
      taps: (hooks) => hooks.connection.loginFailed.tap('see', failed),
    })
    const session = open(host)
    const { login } = await start(session)
    expect(await login.verify(proven)).toMatchObject({ ok: false, reply: { code } })
    expect(session.session.account).toBeUndefined()
    expect(failed).toHaveBeenCalledTimes(code === 535 ? 1 : 0)
    expect(await told(host)).toEqual([[`jo@example.org: ${reason}`, { mechanism: 'SCRAM-SHA-256' }]])
  })

  test('that is refused for its channel is told, and no hook runs: nothing was guessed', async () => {
    const ran = vi.fn(async () => undefined)
    await using host = await hostWith({
      service: service(async () => verified),
      taps: (hooks) => {
        hooks.connection.loginFailed.tap('see', ran)
        hooks.connection.checkLogin.tap('see', ran)
      },
    })
    expect(open(host).refuseLogin(attempt, 'wrong channel')).toMatchObject({
      ok: false,
      reply: { code: 535 },
    })
    expect(ran).not.toHaveBeenCalled()
    expect(await told(host)).toEqual([['jo@example.org: wrong channel', { mechanism: 'SCRAM-SHA-256' }]])
  })

  test('as somebody else proves nothing', async () => {
    const verify = vi.fn(async (proven: ScramKeys | undefined) => (proven === undefined ? unknown : verified))
    await using host = await hostWith({ service: service(verify) })
    const { login } = await start(open(host), {
      ...attempt,
      authorizationIdentity: 'eve@example.org',
    } as typeof attempt)
    expect(await login.verify(keys)).toMatchObject({ ok: false, reply: { code: 535 } })
    expect(verify).toHaveBeenCalledWith(undefined)
  })

  test.each<[string, Parts, number]>([
    [
      'a tap refuses',
      { taps: (hooks) => hooks.connection.checkLogin.tap('no', async () => reply(550, '5.7.1', 'No')) },
      550,
    ],
    ['the provider cannot', { service: { supports } }, 454],
    [
      'the provider is away',
      { service: { supports, scramVerifier: () => Promise.reject(new Error('down')) } },
      454,
    ],
  ])('does not begin where %s', async (_, parts, code) => {
    await using host = await hostWith({ service: service(async () => verified), ...parts })
    expect(await open(host).beginScram(attempt, 'SCRAM-SHA-256')).toMatchObject({
      ok: false,
      reply: { code },
    })
  })
})

describe('a login by a token', () => {
  const people: Readonly<Record<string, Verification>> = {
    'jo@example.org': { ok: true, account: jo },
    'JO@example.org': { ok: true, account: jo },
    'eve@example.org': { ok: true, account: eve },
    'off@example.org': { ok: false, reason: 'disabled' },
  }
  const service: Partial<Accounts> = { supports, identify: async (login) => people[login] ?? unknown }
  const ownerIs = (login: string): Partial<Tokens> => ({ introspect: async () => ({ active: true, login }) })
  const broken: Partial<Tokens> = { introspect: () => Promise.reject(new Error('down')) }
  const nonsense: Partial<Tokens> = { introspect: async () => undefined as unknown as TokenFacts }

  test.each<[string, string, Partial<Tokens>, number | undefined, string]>([
    ['its owner', 'jo@example.org', ownerIs('jo@example.org'), undefined, 'jo@example.org'],
    [
      'its owner, spelt in another way',
      'JO@example.org',
      ownerIs('jo@example.org'),
      undefined,
      'jo@example.org',
    ],
    ['nobody named', '', ownerIs('jo@example.org'), undefined, 'jo@example.org'],
    ['somebody else', 'eve@example.org', ownerIs('jo@example.org'), 535, 'eve@example.org: wrong-secret'],
    ['somebody unknown', 'x@example.org', ownerIs('jo@example.org'), 535, 'x@example.org: wrong-secret'],
    ['an owner who may not', 'off@example.org', ownerIs('off@example.org'), 535, 'off@example.org: disabled'],
    ['an owner who is none of ours', '', ownerIs('x@example.org'), 535, ': unknown'],
    ['a token that is none', 'jo@example.org', {}, 535, 'jo@example.org: wrong-secret'],
    ['nobody who can be asked', 'jo@example.org', broken, 454, 'jo@example.org: could not be verified'],
    ['a nonsensical answer', 'jo@example.org', nonsense, 454, 'jo@example.org: could not be verified'],
  ])('%s', async (_, login, token, code, text) => {
    await using host = await hostWith({ service, token })
    const session = open(host)
    const result = await session.login({ mechanism: 'OAUTHBEARER', login }, { token: 'a-token' })
    expect(result).toMatchObject(
      code === undefined ? { ok: true, account: jo } : { ok: false, reply: { code } },
    )
    expect(await told(host)).toEqual([[text, { mechanism: 'OAUTHBEARER' }]])
    expect(JSON.stringify([await host.history({}), host.log.lines])).not.toContain('a-token')
  })

  test('without the service cannot be verified', async () => {
    await using host = await hostWith({ service })
    const result = await open(host).login({ mechanism: 'XOAUTH2', login: 'jo@example.org' }, { token: 'x' })
    expect(result).toMatchObject({ ok: false, reply: { code: 454 } })
  })
})

describe('a provider that does not answer', () => {
  const never = () => new Promise<never>(() => undefined)

  test.each<[string, Parts, (flow: SessionFlow) => Promise<LoginResult | ScramStart>]>([
    [
      'a password',
      { service: { verify: never } },
      (flow) => flow.login({ mechanism: 'PLAIN', login: 'jo@example.org' }, 'secret'),
    ],
    [
      'whose a token is',
      { service: { supports, identify: never }, token: { introspect: async () => known } },
      (flow) => flow.login({ mechanism: 'OAUTHBEARER', login: '' }, { token: 'abc' }),
    ],
    [
      'a token',
      { service: { supports }, token: { introspect: never } },
      (flow) => flow.login({ mechanism: 'OAUTHBEARER', login: '' }, { token: 'abc' }),
    ],
    [
      'what SCRAM needs',
      { service: { supports, scramVerifier: never } },
      (flow) => flow.beginScram({ mechanism: 'SCRAM-SHA-256', login: 'jo@example.org' }, 'SCRAM-SHA-256'),
    ],
  ])('to %s is not waited for longer than a tap, and named', async (_, parts, logIn) => {
    const clock = fakeClock()
    await using host = await hostWith({ ...parts, clock })
    const result = logIn(open(host))
    await vi.waitFor(() => {
      clock.advance(10_000)
      expect(host.log.lines).toContainEqual(expect.objectContaining({ event: 'unavailable' }))
    })
    expect(await result).toMatchObject({ ok: false, reply: { code: 454 } })
    expect(host.log.lines.find(({ event }) => event === 'unavailable')).toMatchObject({
      provider: 'test',
      error: 'no answer within 30000 ms',
    })
  })

  const known: TokenFacts = { active: true, login: 'jo@example.org' }
})
