import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { RecentPaths } from './recent-paths.ts'

it('knows a path for a second at least, and for two at most', () => {
  const clock = fakeClock()
  const recent = new RecentPaths(clock)
  expect(recent.has('/a')).toBe(false)
  for (const begin of [0, 500, 999]) {
    clock.advance(begin)
    recent.add('/a')
    clock.advance(999)
    const copy = recent.has('/b')
    expect([copy, recent.has('/a')]).toEqual([false, true])
    clock.advance(2000)
    expect(recent.has('/a')).toBe(false)
  }
})

it('knows one as long as it is asked for', () => {
  const clock = fakeClock()
  const recent = new RecentPaths(clock)
  recent.add('/a')
  for (let second = 0; second < 10; second++) {
    expect(recent.has('/a')).toBe(true)
    clock.advance(900)
  }
  recent.delete('/a')
  expect(recent.has('/a')).toBe(false)
})

it('knows only so many', () => {
  const clock = fakeClock()
  const recent = new RecentPaths(clock)
  for (let number = 0; number < 10_000; number++) recent.add(`/${number}`)
  expect([recent.has('/0'), recent.has('/9999')]).toEqual([true, false])
  clock.advance(1000)
  recent.add('/9999')
  expect([recent.has('/0'), recent.has('/9999')]).toEqual([true, true])
})
