import { expect, test } from 'vitest'
import { findCircle } from './circle.ts'

test.each([
  [{ a: 'b', b: 'a' }, ['a', 'b']],
  [{ a: 'a' }, ['a']],
  [{ a: 'b', b: 'c', c: 'd', d: 'c' }, ['c', 'd']],
])('in %j', (blockers: Readonly<Record<string, string>>, circle) => {
  expect(findCircle(Object.keys(blockers), (one) => blockers[one])).toEqual(circle)
})
