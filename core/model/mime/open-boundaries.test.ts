import { expect, test } from 'vitest'
import { OpenPart } from './mime-builder.ts'
import { OpenBoundaries } from './open-boundaries.ts'

const [outer, inner, other] = [0, 1, 2].map((start) => new OpenPart(undefined, start)) as [
  OpenPart,
  OpenPart,
  OpenPart,
]

function open(): OpenBoundaries {
  const boundaries = new OpenBoundaries()
  boundaries.set('b', outer)
  boundaries.set('b-1', inner)
  boundaries.set('c', other)
  return boundaries
}

test.each([
  ['b', { part: outer, closes: false, hasText: false }],
  ['b--', { part: outer, closes: true, hasText: false }],
  ['b-1', { part: inner, closes: false, hasText: false }],
  ['b-1--', { part: inner, closes: true, hasText: false }],
  ['b text', { part: outer, closes: false, hasText: true }],
  ['b-- text', { part: outer, closes: true, hasText: true }],
  ['b-1 text', { part: inner, closes: false, hasText: true }],
  ['b-12', { part: inner, closes: false, hasText: true }],
  ['', undefined],
  ['-', undefined],
  ['a', undefined],
])('%j', (line, found) => {
  expect(open().find(line)).toEqual(found)
})

test('what is open no more delimits nothing, what is open since does', () => {
  const boundaries = open()
  expect(boundaries.find('c 1')?.part).toBe(other)
  boundaries.delete('c')
  expect(boundaries.find('c 1')).toBeUndefined()
  boundaries.set('longer', other)
  expect(boundaries.find('longer 1')?.part).toBe(other)
  boundaries.clear()
  expect([boundaries.isEmpty, boundaries.find('b 1')]).toEqual([true, undefined])
})
