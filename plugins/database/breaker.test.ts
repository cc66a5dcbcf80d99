import { errorCode } from 'mailwright'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { Breaker } from './breaker.ts'

let clock: FakeClock
let probes: { succeed(): void; fail(): void }[]
let breaker: Breaker

beforeEach(() => {
  clock = fakeClock()
  probes = []
  breaker = new Breaker({
    clock,
    random: () => 1,
    probe() {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      probes.push({ succeed: resolve, fail: () => reject(new Error('still away')) })
      return promise
    },
  })
})

/** Lets what has been settled take effect. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function isOpen(): boolean {
  try {
    breaker.check()
    return false
  } catch (error) {
    expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    return true
  }
}

function fail(times: number): void {
  for (let time = 0; time < times; time++) breaker.failed(new Error('lost'))
}

describe('the breaker', () => {
  it('opens after five failures in a row', () => {
    fail(4)
    expect(isOpen()).toBe(false)
    breaker.succeeded()
    fail(4)
    expect(isOpen()).toBe(false)
    fail(1)
    expect(isOpen()).toBe(true)
  })

  it('does not count failures that lie far apart', () => {
    for (let time = 0; time < 20; time++) {
      fail(1)
      clock.advance(4000)
    }
    expect(isOpen()).toBe(false)
  })

  it('tells why it is open', () => {
    fail(5)
    expect(() => breaker.check()).toThrow(expect.objectContaining({ cause: new Error('lost') }))
  })

  it('asks by itself, one probe at a time with growing pauses, and closes at the first answer', async () => {
    fail(5)
    for (const pause of [250, 500, 1000, 2000, 4000, 4000, 4000]) {
      const before = probes.length
      clock.advance(pause - 1)
      expect(probes).toHaveLength(before)
      clock.advance(1)
      expect(probes).toHaveLength(before + 1)
      fail(10)
      clock.advance(60_000)
      expect(probes).toHaveLength(before + 1)
      expect(isOpen()).toBe(true)
      probes.at(-1)?.fail()
      await settle()
    }
    clock.advance(4000)
    probes.at(-1)?.succeed()
    await settle()
    expect(isOpen()).toBe(false)
    expect(clock.waiting).toBe(0)
    fail(5)
    clock.advance(250)
    expect(probes).toHaveLength(9)
  })

  it('closes when a call that was under way is answered', () => {
    fail(5)
    breaker.succeeded()
    expect(isOpen()).toBe(false)
    expect(clock.waiting).toBe(0)
  })

  it('spreads the probes of several servers', () => {
    const early = new Breaker({ clock, random: () => 0, probe: async () => void probes.push({} as never) })
    for (let time = 0; time < 5; time++) early.failed(new Error('lost'))
    clock.advance(125)
    expect(probes).toHaveLength(1)
  })

  it('asks nobody after its end', async () => {
    fail(5)
    clock.advance(250)
    breaker.stop()
    probes[0]?.fail()
    await settle()
    clock.advance(60_000)
    expect(probes).toHaveLength(1)
    expect(clock.waiting).toBe(0)
  })
})
