import { createLog, type Reply, type Session, type SessionRole } from 'mailwright'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { Guard } from './guard.ts'
import { emptyMemory } from './guard-memory.ts'
import { type GuardInput, parseOptions } from './options.ts'

// Decisions alone: no host, no tables, and time stands still.

let clock: FakeClock
let guard: Guard

function start(options: GuardInput = {}): void {
  clock = fakeClock()
  guard = new Guard(parseOptions({ firstDelay: 0, ...options }), {
    clock,
    log: createLog('silent'),
    history: undefined,
    tables: undefined,
    memory: emptyMemory(),
  })
}

beforeEach(() => start())

function from(address: string, role: SessionRole = 'imap', signal = new AbortController().signal): Session {
  return {
    id: 'session',
    role,
    listener: role,
    startedAt: new Date(clock.now()),
    local: { address: '192.0.2.1', port: 143 },
    remote: { address, port: 40_000 },
    tls: undefined,
    hello: undefined,
    account: undefined,
    ownClient: undefined,
    internal: false,
    signal,
  }
}

const said = (answer: Reply | undefined): string => (answer === undefined ? 'go on' : `${answer.code}`)
const attemptOf = (login: string) => ({ mechanism: 'PLAIN', login })

/** Connects and tries a wrong password; answers what it met first. */
async function fail(address: string, login: string): Promise<string> {
  const session = from(address)
  const refused = (await guard.checkClient(session)) ?? (await guard.checkLogin(session, attemptOf(login)))
  if (refused === undefined) await guard.loginFailed(session, attemptOf(login))
  return said(refused)
}

async function succeed(address: string, login: string, account = login): Promise<string> {
  const session = from(address)
  const refused = (await guard.checkClient(session)) ?? (await guard.checkLogin(session, attemptOf(login)))
  if (refused === undefined) await guard.loggedIn(session, account)
  return said(refused)
}

async function failMany(address: string, count: number, first = 0): Promise<void> {
  for (let name = first; name < first + count; name++) await fail(address, `user${name}@example.org`)
}

describe('a network', () => {
  it('is banned for its failures, in every protocol, and nobody else is', async () => {
    await failMany('198.51.100.7', 9)
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('go on')
    await failMany('198.51.100.7', 1, 9)
    for (const role of ['transfer', 'submission', 'imap', 'pop3'] as const)
      expect(said(await guard.checkClient(from('198.51.100.7', role)))).toBe('421')
    expect(said(await guard.checkClient(from('198.51.100.8')))).toBe('go on')
    const told = await guard.checkClient(from('198.51.100.7'))
    expect(told?.lines).toEqual(['Too many failed logins from your network; try again in 15 minutes'])
  })

  it('is banned for longer each time, and for as long as the first time once that is forgotten', async () => {
    const banFor = async (): Promise<number> => {
      await failMany('198.51.100.7', 10)
      let minutes = 0
      while ((await guard.checkClient(from('198.51.100.7'))) !== undefined) {
        clock.advance(60_000)
        minutes++
      }
      return minutes
    }
    expect([await banFor(), await banFor(), await banFor()]).toEqual([15, 30, 60])
    for (let day = 0; day < 8; day++) clock.advance(86_400_000)
    expect(await banFor()).toBe(15)
  })

  it('is a /64 of IPv6, and mapped IPv4 is IPv4', async () => {
    for (let host = 0; host < 10; host++) await fail(`2001:db8:1:2:${host}::1`, `user${host}`)
    expect(said(await guard.checkClient(from('2001:db8:1:2:ffff::9')))).toBe('421')
    expect(said(await guard.checkClient(from('2001:db8:1:3::9')))).toBe('go on')
    await failMany('198.51.100.7', 5)
    await failMany('::ffff:198.51.100.7', 5, 5)
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('421')
  })

  it('is banned with its surroundings where many of these fail', async () => {
    for (let host = 1; host <= 10; host++) await failMany(`198.51.100.${host}`, 6, host * 10)
    expect(said(await guard.checkClient(from('198.51.100.200')))).toBe('421')
    expect(said(await guard.checkClient(from('198.51.101.200')))).toBe('go on')
  })

  it('is not banned for one name that fails again and again: only that name is refused from there', async () => {
    const answers: string[] = []
    for (let time = 0; time < 30; time++) answers.push(await fail('198.51.100.7', 'jo@example.org'))
    expect(answers.filter((answer) => answer === 'go on')).toHaveLength(10)
    expect(answers.at(-1)).toBe('454')
    expect(await succeed('198.51.100.7', 'kim@example.org')).toBe('go on')
    expect(await succeed('198.51.100.8', 'jo@example.org')).toBe('go on')
  })

  it('from which somebody has logged in lets known logins in while it is banned, and no others', async () => {
    expect(await succeed('198.51.100.7', 'jo@example.org')).toBe('go on')
    await failMany('198.51.100.7', 50)
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('go on')
    expect(await succeed('198.51.100.7', 'JO@EXAMPLE.ORG')).toBe('go on')
    expect(await succeed('198.51.100.7', 'kim@example.org')).toBe('421')
    expect(await fail('198.51.100.7', 'user1@example.org')).toBe('421')
  })

  it('may fail more often once somebody has logged in from it', async () => {
    await succeed('198.51.100.7', 'jo@example.org')
    await failMany('198.51.100.7', 49)
    expect(await succeed('198.51.100.7', 'kim@example.org')).toBe('go on')
  })

  it('is never banned where it is spared, nor is what has no address', async () => {
    await failMany('127.0.0.1', 100)
    await failMany('/run/mail.sock', 100)
    expect(said(await guard.checkClient(from('127.0.0.1')))).toBe('go on')
    expect(said(await guard.checkClient(from('/run/mail.sock')))).toBe('go on')
    start({ neverBan: ['198.51.100.0/24'], roles: ['imap'] })
    await failMany('198.51.100.7', 100)
    await failMany('127.0.0.1', 10)
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('go on')
    expect(said(await guard.checkClient(from('127.0.0.1')))).toBe('421')
    expect(said(await guard.checkClient(from('127.0.0.1', 'transfer')))).toBe('go on')
  })

  it('is forgiven the slips of who gets in then', async () => {
    for (let round = 0; round < 20; round++) {
      await fail('198.51.100.7', `user${round}@example.org`)
      expect(await succeed('198.51.100.7', `user${round}@example.org`)).toBe('go on')
    }
    expect(guard.counts.of({ kind: 'network', network: '198.51.100.7/32', login: '' })).toBe(0)
  })

  it('that the postmaster has banned lets nobody in, not even who is known there and has connected before', async () => {
    await succeed('198.51.100.7', 'jo@example.org')
    const connected = from('198.51.100.7')
    guard.restrictions.learn({
      subject: { kind: 'network', network: '198.51.100.7/32', login: '' },
      since: clock.now(),
      endsAt: null,
      times: 0,
      reason: '',
      madeBy: 'postmaster',
    })
    expect(said(await guard.checkLogin(connected, attemptOf('jo@example.org')))).toBe('554')
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('554')
  })

  it('is counted anew when its window is over', async () => {
    await failMany('198.51.100.7', 9)
    clock.advance(15 * 60_000)
    await failMany('198.51.100.7', 9, 20)
    expect(said(await guard.checkClient(from('198.51.100.7')))).toBe('go on')
  })
})

describe('a login that many guess at', () => {
  const guessEverywhere = async (login: string): Promise<void> => {
    for (let host = 0; host < 20; host++) await fail(`203.0.${host}.5`, login)
  }

  it.each(['jo@example.org', 'nobody@nowhere.example'])('%s is refused to strangers', async (login) => {
    start({ strangers: 'refuse' })
    await succeed('198.51.100.7', 'jo@example.org')
    await guessEverywhere(login)
    expect(await fail('192.0.2.77', login)).toBe('454')
    expect(await fail('192.0.2.77', 'kim@example.org')).toBe('go on')
  })

  it('stays open to its owner, from where he has logged in lately', async () => {
    start({ strangers: 'refuse' })
    await succeed('198.51.100.7', 'jo', 'jo@example.org')
    await guessEverywhere('jo')
    await guessEverywhere('jo@example.org')
    expect(await succeed('198.51.100.7', 'jo')).toBe('go on')
    expect(await succeed('198.51.100.99', 'jo@example.org')).toBe('go on')
    clock.advance(31 * 86_400_000)
    await guessEverywhere('jo')
    expect(await succeed('198.51.100.7', 'jo')).toBe('454')
  })

  it('is not one where its owner has forgotten the password', async () => {
    start({ strangers: 'refuse' })
    await succeed('198.51.100.7', 'jo')
    for (let host = 0; host < 30; host++) await fail(`198.51.100.${host}`, 'jo')
    expect(await fail('192.0.2.77', 'jo')).toBe('go on')
  })

  it('lets strangers wait, a few at a time', async () => {
    await guessEverywhere('jo')
    const waiting = [1, 2, 3, 4].map((host) => succeed(`192.0.2.${host}`, 'jo'))
    expect(await fail('192.0.2.5', 'jo')).toBe('454')
    clock.advance(14_999)
    expect(await fail('192.0.2.5', 'jo')).toBe('454')
    clock.advance(1)
    expect(await Promise.all(waiting)).toEqual(['go on', 'go on', 'go on', 'go on'])
  })
})

describe('the answer to a failure', () => {
  const delayOf = async (address: string, login: string): Promise<number> => {
    const session = from(address)
    let isOver = false
    await guard.checkLogin(session, attemptOf(login))
    const answer = guard.loginFailed(session, attemptOf(login)).then(() => {
      isOver = true
    })
    let seconds = 0
    for (; ; seconds++) {
      // Enough turns for what does not wait for the clock.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      if (isOver) break
      clock.advance(1000)
    }
    await answer
    return seconds
  }

  it('waits longer each time, up to a limit', async () => {
    start({ firstDelay: '1s', longestDelay: '6s' })
    const delays: number[] = []
    for (let time = 0; time < 5; time++) delays.push(await delayOf('198.51.100.7', 'jo'))
    expect(delays).toEqual([1, 2, 4, 6, 6])
    expect(await delayOf('198.51.100.8', 'jo')).toBe(1)
  })

  it('waits where there is room, and no longer than the client', async () => {
    start({ firstDelay: '1s', maxDelayed: 3, maxDelayedPerNetwork: 2 })
    const left = new AbortController()
    const waiting = [
      guard.loginFailed(from('198.51.100.7', 'pop3', left.signal), attemptOf('a')),
      guard.loginFailed(from('198.51.100.7', 'pop3', left.signal), attemptOf('b')),
    ]
    await guard.loginFailed(from('198.51.100.7'), attemptOf('c'))
    const other = guard.loginFailed(from('203.0.113.1'), attemptOf('a'))
    await Promise.resolve()
    await guard.loginFailed(from('203.0.113.2'), attemptOf('a'))
    left.abort()
    await Promise.all(waiting)
    clock.advance(60_000)
    await other
    expect(clock.waiting).toBe(0)
  })
})

describe('memory', () => {
  it('is bounded under a flood of addresses and names', async () => {
    start({ maxEntries: 1000 })
    for (let host = 0; host < 20_000; host++)
      await fail(
        `2001:db8:${(host >> 8).toString(16)}:${(host & 255).toString(16)}::1`,
        `${'x'.repeat(5000)}${host}`,
      )
    const counts = guard.counts.takeUnsaved(1_000_000)
    expect(counts.length).toBeLessThanOrEqual(1000)
    expect(Math.max(...counts.map(({ count }) => count.subject.login.length))).toBeLessThan(256)
  })
})
