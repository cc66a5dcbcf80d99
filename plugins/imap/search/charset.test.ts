import { expect, it } from 'vitest'
import { Arguments } from '../engine/arguments.ts'
import { Refusal } from '../engine/result.ts'
import { readCharset, utf8Reading } from './charset.ts'

function reading(name: string): (octets: string) => string | undefined {
  return readCharset(new Arguments([name], { utf8: false }))
}

it.each([
  ['UTF-8', '\u00c3\u00b6', 'ö'],
  ['utf-8', '\u00f6', undefined],
  ['"UTF-8"', 'a', 'a'],
  ['US-ASCII', 'a', 'a'],
  ['US-ASCII', '\u00f6', undefined],
  ['iso-8859-1', '\u00f6', 'ö'],
  ['ISO-8859-2', '\u00b1', 'ą'],
  ['KOI8-R', '\u00c2', 'б'],
  ['ISO-2022-JP', '\u001b$B$"\u001b(B', 'あ'],
  ['UTF-16BE', '\u0000a\u00d8\u0000', undefined],
])('%s reads %j as %j', (name, octets, text) => {
  expect(reading(name)(octets)).toBe(text)
})

it.each(['KLINGON', 'UTF-7', '', 'x'.repeat(1_000)])('%s is none', (name) => {
  expect(() => reading(`"${name}"`)).toThrow(Refusal)
})

it('without a charset texts are UTF-8', () => {
  expect(utf8Reading('\u00c3\u00b6')).toBe('ö')
  expect(utf8Reading('\u00f6')).toBeUndefined()
})
