import { describe, expect, it } from 'vitest'
import { decodeEncodedWords, encodedWords } from './encoded-word.ts'

describe('decodeEncodedWords', () => {
  // RFC 2047 §8 shows how white space between and around encoded words is displayed.
  it.each([
    ['(=?ISO-8859-1?Q?a?=)', '(a)'],
    ['(=?ISO-8859-1?Q?a?= b)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)'],
  ])('displays %s as %s', (text, shown) => {
    expect(decodeEncodedWords(text)).toBe(shown)
  })

  it.each([
    ['=?UTF-8?B?w7xiZXI=?=', 'über'],
    ['=?utf-8?b?w7xiZXI?=', 'über'],
    ['=?utf-8?q?=C3=BCber?=', 'über'],
    ['=?iso-8859-1?q?=fcber?=', 'über'],
    ['=?utf-8*de-CH?q?=C3=BCber?=', 'über'],
    ['=?utf-8?q?=C3?= =?utf-8?q?=BCber?=', 'über'],
    ['=?utf-8?B?w7?= =?utf-8?q?b?=', '\ufffdb'],
    ['=?utf-16?B?TgBOjA==?=', '一二'],
    ['=?utf-16?B?/v8AagBv?= =?UTF-16?B?/v8AaABu?=', 'john'],
    ['=?utf-16?B?//5qAG8A?= =?utf-16?B?/v8AaABu?= =?utf-16?B?AHM=?=', 'johns'],
    ['=?utf-16?B?//5gT31Z?= =?utf-16?B?YE99WQ==?=', '你好你好'],
    ['=?utf-16be?B?AGo=?= =?utf-16be?B?/v8=?=', 'j\ufeff'],
    ['=?utf-8?Q?a b?=', 'a b'],
    ['=?utf-8?Q?100=_=GG?=', '100= =GG'],
    ['=?x-unknown?q?=FC?=', 'ü'],
    ['=?utf-8?q??= x', ' x'],
    ['a =?utf-8?q?b?= c', 'a b c'],
    ['a=?utf-8?q?b?=c', 'abc'],
    ['=?utf-8?q?ü€?=', 'ü€'],
  ])('decodes %s', (text, decoded) => {
    expect(decodeEncodedWords(text)).toBe(decoded)
  })

  it.each(['plain', '=?', '=?utf-8?q?open', '=?utf-8?x?a?=', '=??q?a?=', '=?utf-8?q?a', '==??=='])(
    'leaves %j',
    (text) => {
      expect(decodeEncodedWords(text)).toBe(text)
    },
  )

  it('never lets an encoded line break or NUL through', () => {
    expect(decodeEncodedWords('=?utf-8?q?a=0D=0ABcc:=20x=00?=')).toBe('a  Bcc: x ')
  })

  it('leaves words beyond the first 5,000 as they are', () => {
    const words = Array.from({ length: 5_002 }, (_, index) => `=?y${index}?q?a?=`).join(' ')
    expect(decodeEncodedWords(words)).toBe(`${'a'.repeat(5_000)} =?y5000?q?a?= =?y5001?q?a?=`)
  })
})

describe('encodedWords', () => {
  it.each(['', 'Grüße', '😀'.repeat(100), 'ä'.repeat(45), `${'x'.repeat(44)}ß`])('%j comes back', (text) => {
    for (const most of [45, 36]) {
      const words = encodedWords(text, most)
      for (const word of words) expect(word.length).toBeLessThanOrEqual(75)
      expect(decodeEncodedWords(words.join(' '))).toBe(text)
    }
  })
})
