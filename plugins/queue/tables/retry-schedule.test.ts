import { describe, expect, it } from 'vitest'
import { deadlineOf, jittered, pauseAfter, type RetrySchedule } from './retry-schedule.ts'

const schedule: RetrySchedule = {
  first: 1_000,
  longest: 16_000,
  lifetime: 100_000,
  notificationLifetime: 50_000,
  warning: 20_000,
}

describe('the schedule', () => {
  it('doubles up to the longest, a tenth more or less by chance', () => {
    for (const [index, wanted] of [1_000, 2_000, 4_000, 8_000, 16_000, 16_000].entries()) {
      const pause = pauseAfter(schedule, index + 1, undefined)
      expect(pause).toBeGreaterThanOrEqual(wanted * 0.9)
      expect(pause).toBeLessThanOrEqual(wanted * 1.1)
    }
    expect([jittered(1_000, 0), jittered(1_000, 0.5), jittered(1_000, 1)]).toEqual([900, 1_000, 1_100])
  })

  it('waits longer where a host says so, not shorter, and not longer than the longest', () => {
    expect(pauseAfter(schedule, 1, 9_000)).toBe(9_000)
    expect(pauseAfter(schedule, 1, 1)).toBeGreaterThanOrEqual(900)
    expect(pauseAfter(schedule, 1, Number.MAX_SAFE_INTEGER)).toBe(16_000)
    expect(pauseAfter(schedule, 1_000_000, undefined)).toBeLessThanOrEqual(17_600)
    expect(pauseAfter(schedule, 1, 9_000.5)).toBe(9_001)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '5m'])('takes %s for nothing said', (said) => {
    const pause = pauseAfter(schedule, 1, said as number)
    expect(pause).toBeGreaterThanOrEqual(900)
    expect(pause).toBeLessThanOrEqual(1_100)
  })

  it('tells first that it takes long, then that it is over', () => {
    const message = { arrivedAt: 5_000, expiresAt: 105_000 }
    expect(deadlineOf(schedule, message, false)).toBe(25_000)
    expect(deadlineOf(schedule, message, true)).toBe(105_000)
    expect(deadlineOf({ ...schedule, warning: Number.POSITIVE_INFINITY }, message, false)).toBe(105_000)
    expect(deadlineOf({ ...schedule, warning: 999_999 }, message, false)).toBe(105_000)
  })
})
