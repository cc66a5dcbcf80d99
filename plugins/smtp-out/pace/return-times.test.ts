import { fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { ReturnTimes } from './return-times.ts'

test('destinations come back one after the other, each at one time', () => {
  const clock = fakeClock()
  const times = new ReturnTimes(clock)
  expect(['a', 'b', 'c'].map((name) => times.of(name, 4_000, 2_000))).toEqual([4_000, 6_000, 8_000])
  expect(times.of('b', 4_000, 2_000)).toBe(6_000)
  clock.advance(6_000)
  expect(times.of('a', 500, 2_000)).toBe(4_000)
  clock.advance(4_000)
  expect(times.isEmpty).toBe(true)
})

test('neither at once nor much later', () => {
  const times = new ReturnTimes(fakeClock())
  expect(times.of('a', 0, 0)).toBe(1_000)
  expect(times.of('b', 86_400_000, 0)).toBe(600_000)
  expect(times.of('c', 0, 86_400_000)).toBe(600_000)
})
