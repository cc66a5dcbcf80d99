import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { HostFailure, noAnswer, unreachable } from '../outcome.ts'
import { SilentHosts, type Visit, type Visitor } from './silent-hosts.ts'

const minute = 60_000
const way = 'mx.example'
const never = new AbortController().signal

let clock: FakeClock
let hosts: SilentHosts

beforeEach(() => {
  clock = fakeClock()
  hosts = new SilentHosts(clock)
})

const place = 'mx.example[192.0.2.1]:25'

function silence(problem = 'does not answer', cause?: unknown): HostFailure {
  return noAnswer({ place, host: way }, { enhanced: '4.4.1', problem, cause })
}

function visitor(more: Partial<Visitor> = {}): Visitor {
  return { way, host: way, place, signal: never, isLast: false, ...more }
}

async function opening(more: Partial<Visitor> = {}): Promise<Visit> {
  const visit = await hosts.visit(visitor(more))
  visit.begin()
  return visit
}

function fail(visit: Visit, error: unknown = silence()): boolean {
  const isRemembered = visit.failed(error)
  visit.end()
  return isRemembered
}

async function succeed(): Promise<void> {
  const visit = await opening()
  visit.greeted()
  visit.end()
}

const waiting = (more: Partial<Visitor> = {}) =>
  hosts.visit(visitor(more)).then(
    () => 'goes on',
    (error: Error) => error.message.replace(`${place} `, ''),
  )

describe('an address that did not answer', () => {
  test('is asked last for some minutes, and until one delivery has found out that it answers', async () => {
    expect(hosts.has(way)).toBe(false)
    expect(fail(await opening())).toBe(true)
    expect(hosts.has(way)).toBe(true)
    clock.advance(4 * minute)
    expect(hosts.has(way)).toBe(false)
    const probe = await opening()
    expect(hosts.has(way)).toBe(true)
    probe.greeted()
    probe.end()
    expect(hosts.has(way)).toBe(false)
  })

  test('is asked by one delivery at a time, and all hear what came of it', async () => {
    fail(await opening())
    const probe = await opening()
    const others = Promise.all([waiting(), waiting()])
    fail(probe, silence('is away still'))
    expect(await others).toEqual(['is away still', 'is away still'])
    await succeed()
    expect(await Promise.all([waiting(), waiting()])).toEqual(['goes on', 'goes on'])
  })

  test('is free for all when it greets', async () => {
    fail(await opening())
    const probe = await opening()
    const others = Promise.all([waiting(), waiting()])
    probe.greeted()
    expect(await others).toEqual(['goes on', 'goes on'])
  })

  test('is not waited for by others when it takes long', async () => {
    fail(await opening())
    const probe = await opening()
    const other = waiting()
    clock.advance(10_000)
    expect(await other).toBe('does not answer')
    expect(await waiting()).toBe('does not answer')
    probe.end()
    expect(await waiting()).toBe('goes on')
  })

  test('that has connected is waited for until it greets', async () => {
    fail(await opening())
    const probe = await opening()
    const other = waiting()
    clock.advance(5_000)
    probe.connected()
    clock.advance(5_000)
    await Promise.resolve()
    clock.advance(30_000)
    probe.greeted()
    expect(await other).toBe('goes on')
  })

  test('is waited for from when whoever finds out begins to connect', async () => {
    fail(await opening())
    const probe = await hosts.visit(visitor())
    const other = waiting()
    clock.advance(9_000)
    probe.begin()
    clock.advance(9_000)
    await Promise.resolve()
    probe.greeted()
    expect(await other).toBe('goes on')
  })

  test('that is slow to greet has not been tried for those who waited', async () => {
    fail(await opening())
    const probe = await opening()
    probe.connected()
    clock.advance(60_000)
    const late = hosts.visit(visitor())
    await expect(late).rejects.toMatchObject({
      isOurs: true,
      outcome: { kind: 'deferred', untried: true, retryAfter: 60_000 },
    })
  })

  test.each(['fails', 'is given up'])(
    'that is slow to greet once more, when whoever finds out %s, has been tried',
    async (how) => {
      fail(await opening())
      const first = await opening()
      first.connected()
      if (how === 'fails') fail(first)
      else first.end()
      const second = await opening()
      second.connected()
      const other = waiting()
      clock.advance(60_000)
      expect(await other).toBe('does not answer (found 1 min ago)')
    },
  )

  test('is asked by whoever is not to come again where what others found began before', async () => {
    const before = await opening()
    const last = await hosts.visit(visitor({ isLast: true }))
    fail(before)
    expect(() => last.begin()).not.toThrow()
    const early = await hosts.visit(visitor({ isLast: true, way: 'mx2.example' }))
    fail(await opening({ way: 'mx2.example' }))
    expect(() => early.begin()).toThrow('does not answer')
  })

  test('is told of by the name by which it is visited, with its time', async () => {
    fail(await opening())
    clock.advance(3 * minute)
    await opening()
    clock.advance(10_000)
    const other = { host: 'mx.other.example', place: 'mx.other.example[192.0.2.1]:25' }
    await expect(hosts.visit(visitor(other))).rejects.toMatchObject({
      outcome: {
        host: 'mx.other.example',
        reply: { lines: ['mx.other.example[192.0.2.1]:25 does not answer (found 3 min ago)'] },
      },
    })
  })

  test('is a new one after an hour', async () => {
    const late = await hosts.visit(visitor())
    fail(await opening())
    clock.advance(60 * minute)
    expect(() => late.begin()).not.toThrow()
    await opening()
    expect(await waiting()).toBe('goes on')
  })

  test('is asked by another one where nothing came of the first', async () => {
    fail(await opening())
    const probe = await opening()
    const others = [waiting(), waiting()]
    probe.end()
    expect(await others[0]).toBe('goes on')
    clock.advance(10_000)
    expect(await others[1]).toBe('does not answer')
  })

  test('is waited for no longer than a delivery lasts', async () => {
    fail(await opening())
    await opening()
    const end = new AbortController()
    const other = waiting({ signal: end.signal })
    end.abort(new Error('over'))
    expect(await other).toBe('over')
  })

  test('is not connected to by those who wanted it before', async () => {
    const late = await hosts.visit(visitor())
    fail(await opening())
    expect(() => late.begin()).toThrow('does not answer')
    expect(late.failed(silence())).toBe(false)
  })

  test('is one of ten thousand at the most', async () => {
    for (let count = 0; count < 10_001; count++) {
      const visit = await hosts.visit(visitor({ way: `mx${count}.example` }))
      visit.begin()
      fail(visit)
    }
    expect(['mx0.example', 'mx1.example', 'mx10000.example'].map((one) => hosts.has(one))).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('an address is not remembered', () => {
  test.each([
    ['that refuses', new HostFailure(unreachable('policy', '4.3.2', 'not now'))],
    ['with which TLS does not come about', new HostFailure(unreachable('tls', '4.7.5', 'no TLS'))],
    ['where it lies with us', silence('too many files', Object.assign(new Error('x'), { code: 'EMFILE' }))],
    ['where a delivery is given up', new Error('given up')],
  ])('%s', async (_, error) => {
    expect(fail(await opening(), error)).toBe(false)
    expect(hosts.has(way)).toBe(false)
  })

  test('where the host has greeted', async () => {
    const visit = await opening()
    visit.greeted()
    expect(fail(visit)).toBe(false)
    expect(hosts.has(way)).toBe(false)
  })

  test('that serves others, or has greeted them meanwhile', async () => {
    await succeed()
    expect(fail(await opening())).toBe(false)
    const slow = await opening()
    await succeed()
    for (let sessions = 2; sessions > 0; sessions--) hosts.left(way)
    expect(fail(slow)).toBe(false)
    expect(fail(await opening())).toBe(true)
  })
})
