import { expect, test } from 'vitest'
import { xtext } from './xtext.ts'

test.each([
  ['plain~!', 'plain~!'],
  ['a+b=c d', 'a+2Bb+3Dc+20d'],
  // As many octets as the client has sent.
  ['grün', 'gr+C3+BCn'],
  ['😀', '+F0+9F+98+80'],
])('%s: %s', (text, expected) => {
  expect(xtext(text)).toBe(expected)
})
