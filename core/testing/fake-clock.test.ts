import { expect, it } from 'vitest'
import { fakeClock } from './fake-clock.ts'

it('stands still until it is moved', () => {
  const clock = fakeClock(new Date('2026-05-01T00:00:00Z'))
  expect(new Date(clock.now()).toISOString()).toBe('2026-05-01T00:00:00.000Z')
  clock.advance(1500)
  expect([clock.now() - Date.UTC(2026, 4, 1), clock.monotonic()]).toEqual([1500, 1500])
})

it('runs timers in the order in which they fall due, each at its time', () => {
  const clock = fakeClock(0)
  const seen: string[] = []
  const note = (name: string) => () => void seen.push(`${name} at ${clock.now()}`)
  clock.after(20, note('b'))
  clock.after(10, note('a'))
  clock.after(20, note('c'))
  clock.after(31, note('late'))
  clock.after(15, note('cancelled')).cancel()
  clock.advance(30)
  expect(seen).toEqual(['a at 10', 'b at 20', 'c at 20'])
  expect(clock.waiting).toBe(1)
})

it('runs timers that timers start, when they fall due in the same move', () => {
  const clock = fakeClock(0)
  const seen: number[] = []
  const again = (): void => {
    seen.push(clock.now())
    clock.after(10, again)
  }
  clock.after(10, again)
  clock.advance(35)
  expect(seen).toEqual([10, 20, 30])
})

it('lets the wall clock jump without moving timers', () => {
  const clock = fakeClock(1000)
  let ran = false
  clock.after(10, () => {
    ran = true
  })
  clock.set(999_999)
  expect([clock.now(), clock.monotonic(), ran]).toEqual([999_999, 0, false])
  clock.advance(10)
  expect([clock.now(), ran]).toEqual([1_000_009, true])
})
