import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { HostFailure, unreachable } from '../outcome.ts'
import { SilentHosts, type Visit } from './silent-hosts.ts'

const minute = 60_000
const way = 'mx.example'
const never = new AbortController().signal

let clock: FakeClock
let hosts: SilentHosts

beforeEach(() => {
  clock = fakeClock()
  hosts = new SilentHosts(clock)
})

function silence(text = 'does not answer', cause?: unknown): HostFailure {
  return new HostFailure(unreachable('unreachable', '4.4.1', text), { cause })
}

async function opening(signal = never): Promise<Visit> {
  const visit = await hosts.visit(way, signal)
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

const waiting = (signal = never) =>
  hosts.visit(way, signal).then(
    () => 'goes on',
    (error: Error) => error.message,
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
    const other = waiting(end.signal)
    end.abort(new Error('over'))
    expect(await other).toBe('over')
  })

  test('is not connected to by those who wanted it before', async () => {
    const late = await hosts.visit(way, never)
    fail(await opening())
    expect(() => late.begin()).toThrow('does not answer')
    expect(late.failed(silence())).toBe(false)
  })

  test('is one of ten thousand at the most', async () => {
    for (let count = 0; count < 10_001; count++) {
      const visit = await hosts.visit(`mx${count}.example`, never)
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
