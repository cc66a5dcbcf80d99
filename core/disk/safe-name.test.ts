import { expect, it } from 'vitest'
import { safeName } from './safe-name.ts'

it.each([
  ['..', '%2e.'],
  ['a/../b', 'a%2f..%2fb'],
  ['a\0b', 'a%00b'],
  ['100%', '100%25'],
  ['Ann', '%41nn'],
  ['müller', 'm%c3%bcller'],
  ['', '%'],
])('makes %j safe as %s', (text, name) => {
  expect(safeName(text, 100)).toBe(name)
})

it('cuts what no file can be called, and keeps it different', () => {
  expect(safeName('a'.repeat(255), 100)).toHaveLength(255)
  const [one = '', other = ''] = ['a', 'b'].map((end) => safeName(`${'ü'.repeat(200)}${end}`, 100))
  expect(one).toHaveLength(142)
  expect(one).not.toBe(other)
  expect(one.slice(0, 100)).toBe(other.slice(0, 100))
})
