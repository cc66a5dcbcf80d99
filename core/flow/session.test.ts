import { describe, expect, test, vi } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import type { Account } from '../model/account.ts'
import { localError, type Reply, reply } from '../model/reply.ts'
import type { SessionRole } from '../model/session.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Accounts, accounts } from '../services/accounts.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import { turns } from '../testing/turns.ts'
import type { SessionFlow } from './flow.ts'

const address = { localPart: 'jo', domain: 'example.org' }
const jo: Account = { id: 'a1', address }
const no = reply(550, '5.7.1', 'No')
const attempt = { mechanism: 'PLAIN', login: 'jo@example.org' }

interface Parts {
  readonly taps?: (hooks: Hooks) => void
  readonly verify?: () => Promise<unknown>
}

/** A host whose accounts service says what a test wants. */
function hostWith({ taps, verify = async () => ({ ok: true, account: jo }) }: Parts): Promise<TestHost> {
  const plugin = definePlugin({
    name: 'test',
    provides: [accounts],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(accounts, { verify } as unknown as Accounts)
      taps?.(hooks)
      return undefined
    },
  })
  return createTestHost({ plugins: [plugin()] })
}

function open(host: TestHost, role: SessionRole = 'transfer'): SessionFlow {
  return host.flow.openSession({
    role,
    local: { address: '192.0.2.1', port: 25 },
    remote: { address: '192.0.2.9', port: 999 },
  })
}

async function verbs(host: TestHost, id: string): Promise<readonly string[]> {
  return (await host.history({ id })).map(({ verb }) => verb)
}

describe('a session', () => {
  test('is seen by plugins as it becomes, and written down from begin to end', async () => {
    const seen: unknown[] = []
    await using host = await hostWith({
      taps: (hooks) => {
        hooks.connection.checkClient.tap(
          'see',
          async ({ role, hello, tls }) => void seen.push([role, hello, tls]),
        )
        hooks.connection.checkHello.tap('see', async ({ hello }) => void seen.push(hello?.name))
        hooks.connection.closed.tap('see', async ({ signal }) => void seen.push(signal.aborted))
      },
    })
    const session = open(host)
    expect(session.session).toMatchObject({
      role: 'transfer',
      listener: 'core',
      remote: { address: '192.0.2.9' },
    })
    expect(await session.connect()).toBeUndefined()
    expect(await session.hello({ name: 'client.example', extended: true })).toBeUndefined()
    session.record('flagged', { text: 'something of a protocol' })
    session.close('done')
    session.close('again')
    await turns()
    expect(seen).toEqual([['transfer', undefined, undefined], 'client.example', true])
    expect(await verbs(host, session.session.id)).toEqual(['connected', 'greeted', 'flagged', 'closed'])
  })

  test('refusals are the replies of taps, and a refused HELO is none', async () => {
    await using host = await hostWith({
      taps: (hooks) => {
        hooks.connection.checkClient.tap('no', async () => no)
        hooks.connection.checkHello.tap('no', async () => no)
        hooks.retrieval.checkAccess.tap('no', async () => no)
      },
    })
    const session = open(host)
    expect(await session.connect()).toEqual(no)
    expect(await session.hello({ name: 'x', extended: false })).toEqual(no)
    expect(session.session.hello).toBeUndefined()
    expect(await session.access({ account: jo, mailbox: 'INBOX', action: 'read' })).toEqual(no)
    const entries = await host.history({ id: session.session.id })
    expect(entries.filter(({ verb }) => verb === 'refused')).toMatchObject(
      Array(3).fill({ text: '550 5.7.1 No' }),
    )
    expect(entries.find(({ verb }) => verb === 'verdict')).toMatchObject({
      by: 'test/no',
      hook: 'connection.checkClient',
    })
  })

  test('a refused HELO leaves the one before', async () => {
    await using host = await hostWith({
      taps: (hooks) =>
        hooks.connection.checkHello.tap('no', async ({ hello }) => (hello?.name === 'bad' ? no : undefined)),
    })
    const session = open(host)
    await session.hello({ name: 'good', extended: true })
    expect(await session.hello({ name: 'bad', extended: false })).toEqual(no)
    expect(session.session.hello).toEqual({ name: 'good', extended: true })
  })

  test('forgets what was said in clear when TLS begins, the transaction too', async () => {
    await using host = await hostWith({})
    const session = open(host)
    await session.hello({ name: 'x', extended: true })
    await session.login(attempt, 'hunter-2')
    const mail = await session.mail(address)
    session.secured({ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' })
    expect(session.session).toMatchObject({
      hello: undefined,
      account: undefined,
      tls: { version: 'TLSv1.3' },
    })
    expect(mail.ok && mail.transaction.transaction.signal.aborted).toBe(true)
  })

  test('of a client that is ours is claimed in clear and again under TLS, and says why', async () => {
    const asked: string[] = []
    await using host = await hostWith({
      taps: (hooks) => {
        hooks.connection.claimClient.tap('ours', async ({ tls, ownClient }) => {
          asked.push(`${tls?.version} ${ownClient}`)
          return tls === undefined ? undefined : { reason: 'a known certificate' }
        })
        hooks.connection.checkClient.tap(
          'see',
          async ({ ownClient }) => void asked.push(`client ${ownClient}`),
        )
      },
    })
    const session = open(host)
    await session.connect()
    await session.hello({ name: 'x', extended: true })
    session.secured({ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' })
    expect(session.session.ownClient).toBeUndefined()
    await session.hello({ name: 'x', extended: true })
    await session.hello({ name: 'x', extended: true })
    expect(asked).toEqual(['undefined undefined', 'client undefined', 'TLSv1.3 undefined'])
    expect(session.session.ownClient).toBe('a known certificate')
    await session.login(attempt, 'hunter-2')
    expect(session.session.ownClient).toBe('an authenticated user')
    session.loggedOut()
    expect(session.session.ownClient).toBe('a known certificate')
  })

  test('of a client whose claim fails is a stranger’s; who reads mail is never asked', async () => {
    const claim = vi.fn(async () => {
      throw new Error('the database is away')
    })
    await using host = await hostWith({ taps: (hooks) => hooks.connection.claimClient.tap('ours', claim) })
    const session = open(host)
    expect(await session.connect()).toBeUndefined()
    expect(session.session.ownClient).toBeUndefined()
    expect(await verbs(host, session.session.id)).toContain('fault')
    await open(host, 'imap').connect()
    expect(claim).toHaveBeenCalledTimes(1)
    expect(open(host, 'local').session.ownClient).toBe('a program of this machine')
  })

  test('tells of an opened mailbox', async () => {
    const opened = vi.fn(async () => undefined)
    await using host = await hostWith({ taps: (hooks) => hooks.retrieval.mailboxOpened.tap('see', opened) })
    const session = open(host, 'pop3')
    expect(await session.access({ account: jo, mailbox: 'INBOX', action: 'read' })).toBeUndefined()
    expect(opened).toHaveBeenCalledWith(
      expect.objectContaining({ mailbox: 'INBOX', session: session.session }),
      expect.anything(),
    )
  })

  test('its end ends the wait for taps, and a transaction after it is refused', async () => {
    const begun = Promise.withResolvers<void>()
    await using host = await hostWith({
      taps: (hooks) =>
        hooks.envelope.checkSender.tap('hang', async ({ reversePath }) => {
          begun.resolve()
          return reversePath === null ? undefined : new Promise(() => undefined)
        }),
    })
    const session = open(host)
    const mail = session.mail(address)
    await begun.promise
    session.close()
    expect(await mail).toEqual({ ok: false, reply: localError })
    expect(await session.mail(null)).toEqual({ ok: false, reply: localError })
    expect(host.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('a login', () => {
  test('sets the account and tells of it before the answer', async () => {
    const told: unknown[] = []
    await using host = await hostWith({
      taps: (hooks) =>
        hooks.connection.loggedIn.tap(
          'see',
          async (session, account) => void told.push([session.account, account]),
        ),
    })
    const session = open(host, 'submission')
    expect(await session.login(attempt, 'hunter-2')).toEqual({ ok: true, account: jo })
    expect(told).toEqual([[jo, jo]])
    expect(session.session.account).toBe(jo)
    expect(await verbs(host, session.session.id)).toContain('logged-in')
  })

  test.each<[string, Parts, Partial<Reply>, string, number]>([
    [
      'a wrong secret',
      { verify: async () => ({ ok: false, reason: 'wrong-secret' }) },
      { code: 535, enhanced: '5.7.8' },
      'wrong-secret',
      1,
    ],
    [
      'an unknown login looks the same',
      { verify: async () => ({ ok: false, reason: 'unknown' }) },
      { code: 535, enhanced: '5.7.8' },
      'unknown',
      1,
    ],
    [
      'no answer of the accounts',
      { verify: () => Promise.reject(new Error('down')) },
      { code: 454, enhanced: '4.7.0' },
      'could not be verified',
      0,
    ],
    [
      'nonsense of the accounts',
      { verify: async () => null },
      { code: 454, enhanced: '4.7.0' },
      'could not be verified',
      0,
    ],
    [
      'a refusing tap',
      { taps: (hooks) => hooks.connection.checkLogin.tap('no', async () => no) },
      { code: 550 },
      'refused by a check',
      0,
    ],
  ])('fails for %s', async (_, parts, answer, reason, told) => {
    const failed = vi.fn(async () => undefined)
    await using host = await hostWith({
      ...parts,
      taps: (hooks) => {
        parts.taps?.(hooks)
        hooks.connection.loginFailed.tap('see', failed)
      },
    })
    const session = open(host)
    expect(await session.login(attempt, 'hunter-2')).toMatchObject({ ok: false, reply: answer })
    expect(session.session.account).toBeUndefined()
    expect(failed).toHaveBeenCalledTimes(told)
    const entries = await host.history({ id: session.session.id })
    expect(entries.find(({ verb }) => verb === 'login-failed')?.text).toBe(`jo@example.org: ${reason}`)
    expect(JSON.stringify([entries, host.log.lines])).not.toContain('hunter-2')
  })

  test('as somebody else is a wrong login', async () => {
    await using host = await hostWith({})
    const session = open(host)
    for (const [authorizationIdentity, ok] of [
      ['', true],
      ['jo@example.org', true],
      ['JO@Example.ORG', true],
      ['jo', false],
      ['jo@example.com', false],
      ['eve@example.org', false],
    ] as const)
      expect(await session.login({ ...attempt, authorizationIdentity }, 'hunter-2')).toMatchObject({ ok })
  })
})

describe('what a store tells', () => {
  test('reaches the taps and the history', async () => {
    const told = vi.fn(async () => undefined)
    await using host = await hostWith({
      taps: ({ retrieval }) => {
        retrieval.messageStored.tap('see', told)
        retrieval.messageFlagged.tap('bad', () => Promise.reject(new Error('x')))
      },
    })
    const change = {
      account: jo,
      mailbox: 'Junk',
      cause: 'move',
      uidValidity: 1,
      uids: [1, 2],
      from: 'INBOX',
      origin: 'q1',
    } as const
    host.flow.retrieval.stored(change)
    host.flow.retrieval.flagged(change)
    host.flow.retrieval.expunged(change)
    await turns()
    expect(told).toHaveBeenCalledWith(change, expect.anything())
    const entries = await host.history({ id: 'q1' })
    expect(entries.map(({ verb }) => verb)).toEqual(['stored', 'flagged', 'expunged', 'fault'])
    expect(entries[0]).toMatchObject({
      text: 'jo@example.org Junk: move',
      facts: { uids: [1, 2], from: 'INBOX' },
    })
    expect(host.log.lines.filter(({ event }) => event === 'hook-failed')).toHaveLength(1)
  })
})
