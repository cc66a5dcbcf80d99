import { expect, it } from 'vitest'
import { maildirFlags, maildirLetters, sortedMaildirLetters } from './flags.ts'

it('reads letters as flags', () => {
  expect(maildirFlags('')).toEqual([])
  expect(maildirFlags('DFRST')).toEqual(['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen'])
  expect(maildirFlags('PSzq')).toEqual(['\\Seen'])
})

it('writes flags as letters, sorted, each once, and leaves keywords out', () => {
  expect(maildirLetters(['\\Seen', '\\Answered', '\\Seen', '$Forwarded', 'label'])).toBe('RS')
  expect(maildirLetters(maildirFlags('DFRST'))).toBe('DFRST')
  expect(maildirLetters([])).toBe('')
})

it('sorts letters by their octets', () => {
  expect(sortedMaildirLetters('SaPzaS')).toBe('PSaz')
})
