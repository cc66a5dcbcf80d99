import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock, wait } from './clock.ts'
import { fakeClock } from './testing/fake-clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('systemClock', () => {
  test('tells the date and a time that only goes on', () => {
    vi.setSystemTime(1_000)
    expect(systemClock.now()).toBe(1_000)
    const before = systemClock.monotonic()
    vi.advanceTimersByTime(5)
    expect(systemClock.monotonic()).toBeGreaterThan(before)
  })

  test('calls once, or not at all when it is called off', () => {
    const run = vi.fn()
    systemClock.after(10, run)
    systemClock.after(10, run).cancel()
    vi.advanceTimersByTime(100)
    expect(run).toHaveBeenCalledTimes(1)
  })

  test('waits longer than setTimeout can', () => {
    const days = 86_400_000
    const run = vi.fn()
    systemClock.after(60 * days, run)
    const cancelled = systemClock.after(60 * days, run)
    vi.advanceTimersByTime(59 * days)
    expect(run).not.toHaveBeenCalled()
    cancelled.cancel()
    vi.advanceTimersByTime(2 * days)
    expect(run).toHaveBeenCalledTimes(1)
  })
})

describe('wait', () => {
  test('resolves when the clock has come so far, and not before', async () => {
    const clock = fakeClock()
    const done = vi.fn()
    const waiting = wait(clock, 100).then(done)
    clock.advance(99)
    await Promise.resolve()
    expect(done).not.toHaveBeenCalled()
    clock.advance(1)
    await waiting
    expect(done).toHaveBeenCalledOnce()
  })
})
