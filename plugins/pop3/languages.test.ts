import { expect, test } from 'vitest'
import { defaultLanguage, isLanguageRange, languageFor, languages } from './languages.ts'

test.each([
  ['*', 'en'],
  ['en', 'en'],
  ['EN', 'en'],
  ['en-GB', 'en'],
  ['en-Latn-x-private', 'en'],
  ['i-default', 'i-default'],
  ['i-default-x', 'i-default'],
  ['i', 'i-default'],
])('%s gets %s', (range, tag) => {
  expect(languageFor(range)?.tag).toBe(tag)
})

test.each(['de', 'e', 'eng', 'x-en', 'mul', 'de-en'])('%s gets nothing', (range) => {
  expect(languageFor(range)).toBeUndefined()
})

test('a range is of subtags', () => {
  for (const range of ['*', 'en', 'zh-Hant-CN', 'i-default', 'de-1996'])
    expect(isLanguageRange(range), range).toBe(true)
  for (const range of ['', '-', 'en-', '-en', 'en--GB', 'en_GB', 'en-*', '1a', 'x'.repeat(9), 'é', 'en\r'])
    expect(isLanguageRange(range), range).toBe(false)
})

test('what is spoken first is in ASCII (RFC 2277 §4.5)', () => {
  const said = Object.values(defaultLanguage.texts).map((text) =>
    typeof text === 'string' ? text : text(1, 2),
  )
  for (const text of said) expect(text).toMatch(/^[\x20-\x7e]{1,200}$/)
  expect(new Set(languages.map(({ tag }) => tag)).size).toBe(languages.length)
})
