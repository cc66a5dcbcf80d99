import { parseHeader } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { english } from './english.ts'
import { german } from './german.ts'
import { languageOf, lookUp } from './languages.ts'
import { parseOptions } from './options.ts'
import { Speech } from './speech.ts'

const { texts: languages } = parseOptions({ texts: { 'pt-BR': {}, 'de-AT': { more: 'Und {more}' } } })

test.each([
  ['Accept-Language: de', 'de'],
  ['Accept-Language: de-CH, en', 'de'],
  ['Accept-Language: de-at', 'de-at'],
  ['Accept-Language: fr, en;q=0.3, de;q=0.4', 'de'],
  ['Accept-Language: de;q=0, en', 'en'],
  ['Accept-Language: *', undefined],
  ['Accept-Language: fr\r\nContent-Language: pt-BR', 'pt-br'],
  ['Content-Language: pt', undefined],
  ['Content-Language: en-GB, de', 'en'],
  [`Content-Language: ${'x,'.repeat(10_000)}de`, undefined],
  ['Content-Language: __proto__, constructor', undefined],
  ['Subject: de', undefined],
])('%s: %s', (fields, expected) => {
  expect(languageOf(parseHeader(Buffer.from(`${fields}\r\n\r\n`)), languages)).toBe(expected)
})

test('a regional form begins with the language, a further language with English', () => {
  expect(languages.get('de-at')?.closing).toBe(german.closing)
  expect(languages.get('de-at')?.more).toBe('Und {more}')
  expect(languages.get('pt-br')?.closing).toBe(english.closing)
  expect(lookUp(languages, 'de-DE-1996')).toBe('de')
  expect(lookUp(languages, '')).toBeUndefined()
})

test('both shipped languages have the same texts, none of them empty', () => {
  const paths = (part: unknown, path = ''): readonly string[] =>
    typeof part === 'object' && part !== null
      ? Object.entries(part).flatMap(([name, inner]) => paths(inner, `${path}.${name}`))
      : [`${path}: ${part !== ''}`]
  expect(paths(german)).toEqual(paths(english))
  expect(paths(english).every((path) => path.endsWith('true'))).toBe(true)
})

describe('speech', () => {
  const en = new Speech('en', english, 'Europe/Berlin')
  const de = new Speech('de', german, 'Europe/Berlin')

  test('dates, durations and sizes are written as people of the language do', () => {
    const time = Date.UTC(2026, 10, 29, 15, 57)
    expect(en.date(time)).toBe('29 November 2026 at 16:57 CET')
    expect(de.date(time)).toBe('29. November 2026 um 16:57 MEZ')
    expect([59_000, 5_400_000, 7_200_000, 172_800_000].map((time) => en.duration(time))).toEqual([
      '1 minute',
      '90 minutes',
      '2 hours',
      '2 days',
    ])
    expect(de.duration(432_000_000)).toBe('5 Tage')
    expect([900, 12_345, 12_345_678].map((octets) => de.size(octets))).toEqual([
      '900 Byte',
      '12 kB',
      '12,3 MB',
    ])
  })

  test('facts stand in a text by their names, once, and are not looked at again', () => {
    const facts = { one: '{two} ', two: '$&', three: 3 }
    expect(en.say('{one}{two} {three} {none} {toString}', facts)).toBe('{two} $& 3 {none} {toString}')
    expect(en.say('a\r\nb\rc\u0000\u202ed', {})).toBe('a\nb\nc d')
    expect(en.line('a\nb', {}, 10)).toBe('a b')
    expect(en.say(() => 'x'.repeat(100_000), {}).length).toBeLessThan(9_000)
    expect(() => en.say(() => 5 as unknown as string, {})).toThrow(TypeError)
  })
})
