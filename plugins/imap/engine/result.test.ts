import { reply } from 'mailwright'
import { expect, test } from 'vitest'
import { refusalOf, resultText } from './result.ts'

test.each([
  ['Come back later', 'Come back later'],
  ['[TEMPFAIL] later', 'TEMPFAIL] later'],
  ['ü', '?'],
  ['[', 'Refused'],
])('what a tap says is text, whatever it says: %j', (said, told) => {
  expect(resultText(refusalOf(reply(454, '4.7.0', said)))).toBe(`NO [UNAVAILABLE] ${told}`)
  expect(resultText(refusalOf(reply(550, '5.7.1', said)))).toBe(`NO [NOPERM] ${told}`)
})
