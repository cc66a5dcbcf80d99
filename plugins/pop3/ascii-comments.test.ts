import { expect, test } from 'vitest'
import { withAsciiComments } from './ascii-comments.ts'

test.each([
  ['a (b) c', 'a (b) c'],
  ['a (ü) c', 'a c'],
  ['a(ü)c', 'a c'],
  ['a (ü)', 'a'],
  ['(ü) a', ' a'],
  ['a (b (ü) c) (d)', 'a (d)'],
  ['a (\\)ü) c', 'a c'],
  ['a \\(ü) c', 'a \\(ü) c'],
  ['"a (ü)" (ü) c', '"a (ü)" c'],
  ['"\\"(ü)" c', '"\\"(ü)" c'],
  ['a (ü c', 'a (ü c'],
  ['a) (ü) c', 'a) c'],
  ['a\r\n (ü)\r\n c', 'a\r\n c'],
  ['a\r\n (ü)(ö)c', 'a  c'],
])('%j', (given, expected) => {
  expect(withAsciiComments(given)).toBe(expected)
})
