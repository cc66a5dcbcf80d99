import { expect, test } from 'vitest'
import { SessionCounts } from './session-counts.ts'

test('each has so many sessions, and room again when one is over', () => {
  const counts = new SessionCounts()
  const [first, second] = [counts.enter('jo', 2), counts.enter('jo', 2)]
  expect(counts.enter('jo', 2)).toBeUndefined()
  expect(counts.enter('ann', 2)).toBeDefined()
  first?.()
  first?.()
  const third = counts.enter('jo', 2)
  expect(third).toBeDefined()
  expect(counts.enter('jo', 2)).toBeUndefined()
  second?.()
  third?.()
  expect(counts.enter('jo', 1)).toBeDefined()
})
