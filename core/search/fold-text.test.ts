import { describe, expect, it } from 'vitest'
import { foldText, TextFolder } from './fold-text.ts'

// Every character that folding changes or that is a mark, and some of the others.
const special = /[\p{M}\p{Changes_When_Casemapped}\p{Changes_When_NFKC_Casefolded}\uff9e\uff9f]/u
const characters: string[] = []
for (let code = 0; code <= 0x10_ffff; code += 1) {
  const character = String.fromCodePoint(code)
  const isHalf = code >= 0xd800 && code <= 0xdfff
  if (!isHalf && (code % 991 === 0 || special.test(character))) characters.push(character)
}

function inPieces(text: string, cuts: readonly number[]): string {
  const folder = new TextFolder()
  let folded = ''
  let from = 0
  for (const cut of [...cuts, text.length]) {
    folded += folder.add(text.slice(from, cut))
    from = cut
  }
  return folded + folder.end()
}

describe('foldText', () => {
  it.each([
    ['Hello', 'hELLO'],
    ['Straße', 'STRASSE'],
    ['STRAẞE', 'straße'],
    ['Ünïcode', 'u\u0308ni\u0308code'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
    ['ﬁle', 'FILE'],
    ['Ｆｕｌｌ', 'full'],
    ['\u212a', 'k'],
    ['ｶﾞ', 'ガ'],
    ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
    ['ậ', 'a\u0302\u0323'],
    ['â\u0323', 'ạ\u0302'],
    ['\u1fb4', '\u03b1\u0345\u0301'],
    ['\u01c4', '\u01c6'],
    ['a\tb', 'a b'],
    ['ä\tb', 'Ä b'],
    ['', ''],
  ])('takes %j for %j', (one, other) => {
    expect(foldText(one)).toBe(foldText(other))
  })

  it.each([
    ['e', 'é'],
    ['o', 'ø'],
    ['a b', 'a  b'],
    ['l', 'ł'],
  ])('does not take %j for %j', (one, other) => {
    expect(foldText(one)).not.toBe(foldText(other))
  })

  it('folds every character as its cases and its decomposition, and once for all', () => {
    const wrong: string[] = []
    for (const character of characters) {
      const folded = foldText(character)
      const others = [
        character.normalize('NFD'),
        character.normalize('NFKC'),
        folded,
        character.toUpperCase(),
      ]
      if (others.some((other) => foldText(other) !== folded)) wrong.push(character)
    }
    expect(wrong).toEqual([])
  })

  it('takes every character for its lower case', () => {
    const wrong: string[] = []
    for (const character of characters) {
      if (foldText(character.toLowerCase()) !== foldText(character)) wrong.push(character)
    }
    expect(wrong).toEqual([])
  })

  it('does not depend on what stands around', () => {
    for (const character of characters) {
      if (foldText(`Σ${character}Σ b`) !== `${foldText('σ')}${foldText(character)}${foldText('σ b')}`)
        expect(character).toMatch(/[\p{M}\uff9e\uff9f]/u)
    }
  })
})

describe('TextFolder', () => {
  it('answers what foldText answers, for every character at every cut', () => {
    for (const character of characters) {
      const text = `a${character}\u0323${character}b`
      const folded = foldText(text)
      for (let cut = 1; cut < text.length; cut += 1) {
        if (inPieces(text, [cut]) !== folded) expect([character, cut]).toBeUndefined()
      }
    }
  })

  it('answers the same for long runs of marks in any pieces', () => {
    const marks = ['\u0301', '\u0323', '\u{1d165}', '\u{1d16d}', '\u0345', '\uff9e', '\u034f']
    for (let length = 0; length < 200; length += 7) {
      const run = Array.from(
        { length },
        (_, index) => marks[((index * index) % 7) % (1 + (length % 7))],
      ).join('')
      const text = `Ä${run}b${run}${run}Σ`
      for (let size = 1; size < 100; size += 6) {
        const cuts = Array.from({ length: Math.floor(text.length / size) }, (_, index) => index * size)
        expect(inPieces(text, cuts)).toBe(foldText(text))
      }
    }
  })

  it('holds back at most a run of marks', () => {
    const folder = new TextFolder()
    let length = 0
    for (let count = 0; count < 1_000; count += 1) length += folder.add('\u0301'.repeat(100)).length
    expect(length).toBeGreaterThan(99_900)
    expect(folder.end().length).toBeLessThanOrEqual(30)
  })

  it('begins anew after the end', () => {
    const folder = new TextFolder()
    expect(folder.add('aé') + folder.end()).toBe(foldText('aé'))
    expect(folder.add('b') + folder.end()).toBe('B')
  })
})
