import { expect, test } from 'vitest'
import { YieldTimes } from './yield-times.ts'

const lane = (takenAt: number, movedAt = takenAt) => ({ destination: 'hung.example', takenAt, movedAt })

test('a destination makes room for longer each time that it comes back as it was', () => {
  const times = new YieldTimes()
  const found: number[] = []
  for (let now = 0; found.length < 7; ) {
    const time = times.next(lane(now), now)
    found.push(time)
    now += time
  }
  expect(found).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
})

test.each([
  ['something is added for it', lane(15_000), 15_000],
  ['something of it was delivered since', lane(30_000, 31_000), 31_000],
  ['that was long ago', lane(30_000), 330_000],
])('but for a short time where %s', (_, back, now) => {
  const times = new YieldTimes()
  times.next(lane(0), 0)
  times.next(lane(10_000), 10_000)
  expect(times.next(back, now)).toBe(10_000)
})
