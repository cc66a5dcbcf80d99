import { readOptions, UnavailableError } from 'mailwright'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { target } from '../../../test/support/smtp/smtp-out-target.ts'
import { HostFailure, unreachable } from '../outcome.ts'
import type { Work } from './gate.ts'
import { type LimitInput, readLimit } from './limit-option.ts'
import type { MessageTurns } from './message-turns.ts'
import { OwnTurns } from './own-turns.ts'
import { NotItsTurn, Pace } from './pace.ts'

const never = new AbortController().signal

function paceOf(
  limits: readonly LimitInput[],
  clock: FakeClock = fakeClock(),
  turns: MessageTurns = new OwnTurns(clock),
): Pace {
  const read = readOptions({ limits })
  return new Pace({ clock, turns, idleTime: 0, limits: read.done(read.list('limits', readLimit)) })
}

/** Work that goes on until it is let go. */
function work() {
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  return {
    begun,
    begin: (name: string) => () =>
      new Promise<void>((resolve, reject) => {
        begun.push(name)
        ends.set(name, (error) => (error === undefined ? resolve() : reject(error)))
      }),
    end: (name: string, error?: Error) => ends.get(name)?.(error),
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('connections', () => {
  test('hosts of many domains share a limit', async () => {
    const { begun, begin, end } = work()
    const pace = paceOf([{ hosts: ['.big.example'], connections: 2 }])
    const running = ['a', 'b', 'c'].map((name) =>
      pace.run(target(`${name}.example`, `${name}.mx.big.example`), never, begin(name)),
    )
    const other = pace.run(target('else.example'), never, begin('else'))
    await turn()
    expect(begun.toSorted()).toEqual(['a', 'b', 'else'])
    end('a')
    await running[0]
    await turn()
    expect(begun).toContain('c')
    for (const name of ['b', 'c', 'else']) end(name)
    await Promise.all([...running, other])
  })

  test('each host, or each domain, for itself', async () => {
    const { begun, begin, end } = work()
    const pace = paceOf([
      { domains: ['.one.example'], connections: 1, each: 'domain' },
      { each: 'host', connections: 1 },
    ])
    const running = [
      pace.run(target('a.one.example', 'mx.example'), never, begin('a')),
      pace.run(target('b.one.example', 'mx.example'), never, begin('b')),
      pace.run(target('c.example', 'mx.example'), never, begin('c')),
      pace.run(target('d.example', 'mx.example'), never, begin('d')),
    ]
    await turn()
    expect(begun).toEqual(['a', 'b', 'c'])
    end('c')
    await running[2]
    await turn()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
    for (const name of ['a', 'b', 'd']) end(name)
    await Promise.all(running)
  })

  test('a connection that is kept counts, also where it was not the turn of the next one', async () => {
    const clock = fakeClock()
    const read = readOptions({ limits: [{ connections: 1, messages: '1/1h' }] })
    const limits = read.done(read.list('limits', readLimit))
    const pace = new Pace({ clock, limits, turns: new OwnTurns(clock), idleTime: 5_000 })
    await pace.run(target('a.example'), never, async () => undefined)
    await expect(pace.run(target('a.example'), never, async () => undefined)).rejects.toBeInstanceOf(
      NotItsTurn,
    )
    const other = pace.run(target('b.example'), never, async () => undefined)
    const waits = expect(other).rejects.toBeInstanceOf(NotItsTurn)
    clock.advance(5_000)
    await turn()
    expect(await Promise.race([other.catch(() => 'over'), turn().then(() => 'pending')])).toBe('pending')
    clock.advance(1_000)
    await waits
  })

  test('work that fails makes room', async () => {
    const { begin, begun, end } = work()
    const pace = paceOf([{ connections: 1 }])
    const first = pace.run(target('a.example'), never, begin('a'))
    const second = pace.run(target('a.example'), never, begin('b'))
    await turn()
    end('a', new Error('lost'))
    await expect(first).rejects.toThrow('lost')
    await turn()
    expect(begun).toEqual(['a', 'b'])
    end('b')
    await second
  })

  test('a few wait, all others are told when to come back', async () => {
    const { begin, begun, end } = work()
    const pace = paceOf([{ hosts: ['.big.example'], connections: 1 }])
    const running = Array.from({ length: 30 }, (_, index) =>
      pace.run(target(`d${index}.example`, 'mx.big.example'), never, begin(`d${index}`)).then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
    await turn()
    expect(begun).toEqual(['d0'])
    const told = (await Promise.all(running.slice(11))) as NotItsTurn[]
    expect(told.map((error) => error instanceof NotItsTurn)).toEqual(Array(19).fill(true))
    const times = told.map(({ outcome }) => outcome.retryAfter ?? 0)
    expect(new Set(times).size).toBe(19)
    expect(told[0]?.outcome).toMatchObject({
      kind: 'deferred',
      reply: { code: 451, enhanced: '4.4.5', lines: [expect.stringContaining('.big.example')] },
      concerns: 'destination',
      cause: 'rate-limited',
    })
    for (let index = 0; index < 11; index++) {
      end(`d${index}`)
      await turn()
    }
    expect(await Promise.all(running.slice(0, 11))).toEqual(Array(11).fill(undefined))
  })

  test('who waits for too long is told to come back, too', async () => {
    const clock = fakeClock()
    const { begin, end } = work()
    const pace = paceOf([{ connections: 1 }], clock)
    const first = pace.run(target('a.example'), never, begin('a'))
    const second = pace.run(target('b.example'), never, begin('b'))
    const failed = expect(second).rejects.toBeInstanceOf(NotItsTurn)
    await turn()
    clock.advance(30_000)
    await failed
    end('a')
    await first
  })
})

describe('messages', () => {
  test('go one after the other, and go on when it is their turn', async () => {
    const clock = fakeClock()
    const pace = paceOf([{ hosts: ['mx.big.example'], messages: '30/1m' }], clock)
    const gone: number[] = []
    const running = [0, 1, 2].map((index) =>
      pace.run(target(`d${index}.example`, 'mx.big.example'), never, async () => void gone.push(index)),
    )
    await turn()
    expect(gone).toEqual([0])
    clock.advance(2_000)
    await turn()
    expect(gone).toEqual([0, 1])
    clock.advance(2_000)
    await Promise.all(running)
    expect(gone).toEqual([0, 1, 2])
  })

  test('whose turn is far away are not held', async () => {
    const pace = paceOf([{ messages: '1/h' }])
    await pace.run(target('a.example'), never, async () => undefined)
    await expect(pace.run(target('b.example'), never, async () => undefined)).rejects.toMatchObject({
      outcome: { retryAfter: 600_000 },
    })
  })

  test('whoever gives up does not hold anybody up', async () => {
    const clock = fakeClock()
    const pace = paceOf([{ messages: '30/1m', connections: 1 }], clock)
    await pace.run(target('a.example'), never, async () => undefined)
    const end = new AbortController()
    const second = pace.run(target('b.example'), end.signal, async () => undefined)
    const failed = expect(second).rejects.toThrow('over')
    await turn()
    end.abort(new Error('over'))
    await failed
    const third = pace.run(target('c.example'), never, async () => 'sent')
    await turn()
    clock.advance(4_000)
    expect(await third).toBe('sent')
  })

  test('are not sent where nobody knows what others have sent', async () => {
    const turns: MessageTurns = { take: () => Promise.reject(new Error('the database is away')) }
    const pace = paceOf([{ messages: '30/1m', connections: 1 }], fakeClock(), turns)
    for (let count = 0; count < 3; count++)
      await expect(pace.run(target('a.example'), never, async () => undefined)).rejects.toThrow('away')
  })
})

describe('what waits', () => {
  const big = 'mx.big.example'
  const run = (pace: Pace, domain: string, work: Work<void>) =>
    pace.run(target(domain, big), never, work).catch((error: NotItsTurn) => error.outcome)
  const answered: Work<void> = async (getsOn) => getsOn()
  const noAnswer = unreachable('unreachable', '4.4.1', 'connection refused', big)
  const refused: Work<void> = () => Promise.reject(new HostFailure(noAnswer))
  const waits = (pace: Pace) => run(pace, 'waits.example', answered)

  test('for a turn that comes with time is told that others have theirs', async () => {
    const pace = paceOf([{ hosts: [big], messages: '1/h' }])
    await run(pace, 'a.example', answered)
    expect(await waits(pace)).toMatchObject({ untried: true, moving: true })
  })

  test('for a turn at a host that did not answer is told so', async () => {
    const clock = fakeClock()
    const pace = paceOf([{ hosts: [big], messages: '1/h' }], clock)
    await run(pace, 'a.example', refused)
    expect(await waits(pace)).toMatchObject({ untried: true, moving: false })
    clock.advance(3_600_000)
    await run(pace, 'a.example', answered)
    for (let hours = 0; hours < 2; hours++) {
      clock.advance(3_600_000)
      await run(pace, 'a.example', refused)
      expect(await waits(pace)).toMatchObject({ moving: true })
    }
    clock.advance(3_600_000)
    await run(pace, 'a.example', refused)
    expect(await waits(pace)).toMatchObject({ moving: false })
  })

  test('is given up for nothing that a server that has just started cannot know', async () => {
    const clock = fakeClock()
    const turns = new OwnTurns(clock)
    const limits = [{ hosts: [big], messages: '1/h' }]
    await run(paceOf(limits, clock, turns), 'a.example', answered)
    const pace = paceOf(limits, clock, turns)
    expect(await waits(pace)).toMatchObject({ moving: true })
    clock.advance(600_000)
    expect(await waits(pace)).toMatchObject({ moving: false })
  })

  test('is given up for nothing that lies with us, nor for work that was broken off', async () => {
    const pace = paceOf([{ hosts: [big], messages: '1/h', burst: 4 }])
    await run(pace, 'a.example', () => Promise.reject(new HostFailure(noAnswer, { isOurs: true })))
    await run(pace, 'b.example', () => Promise.reject(new UnavailableError('no certificate can be had')))
    const end = new AbortController()
    const broken = pace.run(target('c.example', big), end.signal, () => {
      end.abort()
      return Promise.reject(new HostFailure(noAnswer))
    })
    await expect(broken).rejects.toThrow('connection refused')
    await run(pace, 'd.example', () => Promise.reject(new HostFailure(noAnswer, { isOurs: true })))
    expect(await waits(pace)).toMatchObject({ untried: true, moving: true })
  })

  test('for connections at a host that has had enough each time is told so', async () => {
    const clock = fakeClock()
    const { begin, end } = work()
    const pace = paceOf([{ hosts: [big], connections: 1 }], clock)
    await run(pace, 'a.example', async () => undefined)
    const others = Array.from({ length: 11 }, (_, index) => run(pace, `o${index}.example`, begin(`${index}`)))
    await turn()
    expect(await waits(pace)).toMatchObject({ untried: true, moving: false })
    for (let index = 0; index < 11; index++) {
      end(`${index}`)
      await turn()
    }
    await Promise.all(others)
  })

  test('for connections that do not come free any more is told so', async () => {
    const clock = fakeClock()
    const { begin, end } = work()
    const pace = paceOf([{ hosts: [big], connections: 1 }], clock)
    await run(pace, 'first.example', answered)
    const others = [run(pace, 'a.example', begin('a'))]
    for (let index = 0; index < 10; index++) others.push(run(pace, `o${index}.example`, begin('o')))
    const given = Promise.allSettled(others)
    await turn()
    expect(await waits(pace)).toMatchObject({ untried: true, moving: true })
    clock.advance(30_000)
    await turn()
    const last = waits(pace)
    clock.advance(570_000)
    await turn()
    expect(await last).toMatchObject({ untried: true, moving: false })
    end('a')
    await given
  })

  test('for a database that does not answer was not tried, comes back soon, and is not given up', async () => {
    const clock = fakeClock()
    const turns: MessageTurns = { take: () => Promise.reject(new UnavailableError('it is restarted')) }
    const pace = paceOf([{ messages: '30/1m' }], clock, turns)
    clock.advance(3_600_000)
    expect(await waits(pace)).toMatchObject({ untried: true, moving: true, retryAfter: 10_000 })
  })
})

test('the first limit that fits counts, one without numbers takes hosts out', async () => {
  const { begun, begin, end } = work()
  const pace = paceOf([{ hosts: ['.inside.example', '192.0.2.1'] }, { connections: 1 }])
  const running = ['mx.inside.example', 'mx.inside.example', '192.0.2.1', 'x.example', 'y.example'].map(
    (host, index) => pace.run(target('there.example', host), never, begin(String(index))),
  )
  await turn()
  expect(begun.toSorted()).toEqual(['0', '1', '2', '3'])
  end('3')
  await running[3]
  await turn()
  for (const name of ['0', '1', '2', '4']) end(name)
  await Promise.all(running)
})
