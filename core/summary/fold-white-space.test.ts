import { expect, it } from 'vitest'
import { foldWhiteSpace } from './fold-white-space.ts'

const blanks = /(?:[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060]|\u034f)+/g
const seenBlank = /[\s\x00-\x1f\x7f-\x9f]/

/** The rule in other words. */
function folded(text: string): string {
  return text.replace(blanks, (blank) => (seenBlank.test(blank) ? ' ' : blank)).trim()
}

it('treats every character as the rule says', () => {
  for (let code = 0; code < 0x1_0000; code += 1) {
    const text = `a${String.fromCharCode(code)}b`
    if (foldWhiteSpace(text, 10) !== folded(text))
      expect(foldWhiteSpace(text, 10), `U+${code}`).toBe(folded(text))
  }
})

it.each([
  '',
  ' ',
  ' a ',
  '\u200b\u200b',
  '\u200b \u200ba\u200b',
  'a \u200b b \u00a0',
  '\u200da\u200d',
  '\r\n\ta\0\x1bb ',
])('folds %j', (text) => {
  expect(foldWhiteSpace(text, 10)).toBe(folded(text))
})

it('reads not much beyond what is asked for', () => {
  const text = 'one two three '.repeat(10)
  const beginning = foldWhiteSpace(text, 20)
  expect(folded(text).startsWith(beginning)).toBe(true)
  expect(beginning.length).toBeGreaterThanOrEqual(20)
  expect(beginning.length).toBeLessThan(30)
})
