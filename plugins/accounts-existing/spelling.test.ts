import { describe, expect, it } from 'vitest'
import { isSame, readAddress, spellingsOf } from './spelling.ts'

const texts = (localPart: string, domain: string): readonly string[] =>
  spellingsOf({ localPart, domain }).map(({ text }) => text)

describe('spellings', () => {
  it('are in lower case, with both kinds of labels, with and without quotes', () => {
    expect(texts('Jo', 'example.org')).toEqual(['jo@example.org'])
    expect(texts('', 'example.org')).toEqual(['@example.org'])
    expect(texts('Two Words', 'xn--mnchen-3ya.example')).toEqual([
      '"two words"@xn--mnchen-3ya.example',
      'two words@xn--mnchen-3ya.example',
      '"two words"@münchen.example',
      'two words@münchen.example',
    ])
    expect(texts('jo\u0308rg', 'x.example')).toEqual(['jörg@x.example'])
  })

  it.each([
    ['jo@example.org', 'jo'],
    ['"jo"@example.org', 'jo'],
    ['two words@EXAMPLE.org', 'two words'],
    ['a@b@example.org', 'a@b'],
    ['@example.org', ''],
  ])('%s is read', (text, localPart) => {
    expect(readAddress(text)).toEqual({ localPart, domain: 'example.org' })
  })

  it.each(['', 'jo', 'jo@', 'jo@-', 'j\0o@example.org', `${'x'.repeat(257)}@example.org`])(
    '%j is no address',
    (text) => {
      expect(readAddress(text)).toBeUndefined()
    },
  )

  it('keeps apart what is written alike', () => {
    const quoted = { localPart: '"jo"', domain: 'example.org' }
    expect(isSame(readAddress('"jo"@example.org'), quoted)).toBe(false)
    expect(isSame(undefined, quoted)).toBe(false)
  })
})
