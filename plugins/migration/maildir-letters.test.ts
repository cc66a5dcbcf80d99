import { expect, it } from 'vitest'
import { flagsOfLetters, lettersOfFlags } from './maildir-letters.ts'

const keywordOfLetter = new Map([
  ['a', 'Work'],
  ['z', '$Label1'],
])

it.each([
  ['', []],
  ['FRS', ['\\Answered', '\\Flagged', '\\Seen']],
  ['PSab', ['\\Seen', '$Forwarded', 'Work']],
  ['zzS', ['\\Seen', '$Label1']],
  ['SX9', ['\\Seen']],
])('reads %j', (letters, flags) => {
  expect(flagsOfLetters(letters, keywordOfLetter)).toEqual(flags)
})

it('writes letters for flags and for the first 26 keywords', () => {
  const keywords = ['Work', '$Forwarded', '', ...Array.from({ length: 30 }, (_, place) => `k${place}`)]
  expect(lettersOfFlags(['\\Seen', 'Work', '$forwarded', 'k1', 'k22', 'k23'], keywords)).toBe('PSaez')
  expect(lettersOfFlags(['$Forwarded', '\\Draft'], keywords)).toBe('DPb')
  expect(lettersOfFlags(['unknown'], [])).toBe('')
})
