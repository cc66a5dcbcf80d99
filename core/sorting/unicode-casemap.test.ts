import { describe, expect, it } from 'vitest'
import { unicodeCasemap } from './unicode-casemap.ts'

const characters: readonly string[] = Array.from({ length: 0x11_0000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))

describe('unicodeCasemap', () => {
  it.each([
    ['Hello, World 1', 'HELLO, WORLD 1'],
    ['', ''],
    ['Ünïcode', 'U\u0308NI\u0308CODE'],
    ['straße', 'STRAßE'],
    ['οδος ΟΔΟΣ', 'ΟΔΟΣ ΟΔΟΣ'],
    ['ǆ Ǆ ǅ', 'Dz\u030c Dz\u030c Dz\u030c'],
    ['ﬁle', 'fiLE'],
    ['\uff41\uff22', 'AB'],
    ['\u212a\u212b', 'KA\u030a'],
    ['ªº', 'ao'],
    ['\u{10428}', '\u{10400}'],
    ['ა', 'ა'],
    ['ᾳ', 'Α\u0345'],
    ['한', '\u1112\u1161\u11ab'],
    ['İı', 'I\u0307I'],
    ['a\tb', 'A\tB'],
    ['\ud800', '\ud800'],
  ])('makes of %j %j', (text, mapped) => {
    expect(unicodeCasemap(text)).toBe(mapped)
  })

  it('keeps every letter that is in titlecase, and makes the others of its kind the same', () => {
    const titles = characters.filter((character) => /\p{Lt}/u.test(character))
    expect(titles.length).toBeGreaterThan(30)
    for (const title of titles) {
      expect(unicodeCasemap(title)).toBe(title.normalize('NFKD'))
      expect(unicodeCasemap(title.toLowerCase())).toBe(title.normalize('NFKD'))
    }
  })

  it('is the upper case of every letter that has one of a single character, decomposed', () => {
    const wrong: string[] = []
    for (const character of characters) {
      const upper = character.toUpperCase()
      // Titlecase is something else for the digraphs; Georgian letters have none.
      if (/[\p{Lt}\u01c4-\u01cc\u01f1-\u01f3\u10d0-\u10ff]/u.test(character + upper)) continue
      const wanted = [...upper].length === 1 ? upper : character
      const isGreek = /[\u1f80-\u1ffc]/.test(character)
      if (!isGreek && unicodeCasemap(`x${character}`) !== `X${wanted.normalize('NFKD')}`)
        wrong.push(character)
    }
    expect(wrong).toEqual([])
  })
})
