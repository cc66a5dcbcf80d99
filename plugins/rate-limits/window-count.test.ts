import { fakeClock } from 'mailwright/testing'
import { describe, expect, it, test } from 'vitest'
import { MemoryCounts } from './memory-counts.ts'
import { countAt, untilRoom, usedAt, type WindowCount } from './window-count.ts'

const minute = { most: 10, per: 60_000 }

describe('a count', () => {
  it('slides from one window into the next', () => {
    const count: WindowCount = { startedAt: 0, current: 10, previous: 0 }
    const at = (now: number) => usedAt(countAt(count, minute, now), minute, now)
    expect([at(59_999), at(60_000), at(90_000), at(120_000)]).toEqual([10, 10, 5, 0])
  })

  it('of a clock that is ahead counts', () => {
    expect(countAt({ startedAt: 60_000, current: 3, previous: 0 }, minute, 59_999).current).toBe(3)
  })

  it('of a clock that was ahead by more than a window is over', () => {
    const ahead = { startedAt: 120_000, current: 10, previous: 10 }
    expect(countAt(ahead, minute, 59_999)).toEqual({ startedAt: 0, current: 0, previous: 0 })
  })

  const cases = [1, 2, 7, 10].flatMap((most) =>
    [0, 1, 5, 10].flatMap((current) =>
      [0, 1, 9, 10].flatMap((previous) =>
        [0, 1, 20_000, 59_999].map((now) => ({ rate: { most, per: 60_000 }, current, previous, now })),
      ),
    ),
  )

  it('says truly when there is room again, and not later than need be', () => {
    for (const { rate, current, previous, now } of cases) {
      const count: WindowCount = { startedAt: 0, current, previous }
      const wait = untilRoom(count, rate, now)
      const roomAt = (time: number): boolean => untilRoom(countAt(count, rate, time), rate, time) === 0
      expect(roomAt(now + wait), JSON.stringify({ rate, count, now, wait })).toBe(true)
      if (wait > 2) expect(roomAt(now + wait - 2)).toBe(false)
    }
  })
})

test('several rates hold together, and what is refused is not counted', () => {
  const clock = fakeClock(0)
  const counts = new MemoryCounts(clock, 1000)
  const rates = [
    { most: 2, per: 1000 },
    { most: 3, per: 60_000 },
  ]
  const take = () => counts.take('a', rates)
  expect([take(), take()]).toEqual([0, 0])
  const wait = take()
  expect(wait).toBeGreaterThan(0)
  expect(take()).toBe(wait)
  clock.advance(wait)
  expect(take()).toBe(0)
  expect(take()).toBeGreaterThan(50_000)
  expect(counts.take('b', rates)).toBe(0)
  expect(counts.wait('b', rates)).toBe(0)
})

test('counts are bounded under a flood', () => {
  const counts = new MemoryCounts(fakeClock(0), 1000)
  for (let whose = 0; whose < 50_000; whose++) counts.take(`${whose}`, [minute])
  expect(counts.size).toBe(1000)
})
