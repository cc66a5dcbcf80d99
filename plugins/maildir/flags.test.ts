import { expect, it } from 'vitest'
import { changedLetters, flagsOf, lettersOf, requireKnownFlags } from './flags.ts'

it('reads letters as flags', () => {
  expect(flagsOf('')).toEqual([])
  expect(flagsOf('DFRST')).toEqual(['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen'])
  expect(flagsOf('PSzq')).toEqual(['\\Seen'])
})

it('writes flags as letters, in any case, sorted, and leaves keywords out', () => {
  expect(lettersOf(['\\seen', '\\ANSWERED', '\\Seen', '$Forwarded', 'label'])).toBe('RS')
})

it('changes letters and keeps those it does not know', () => {
  expect(changedLetters('PSa', { add: ['\\Flagged'] })).toBe('FPSa')
  expect(changedLetters('PSa', { remove: ['\\Seen', '\\Draft'] })).toBe('Pa')
  expect(changedLetters('FPSTa', { set: ['\\Answered'] })).toBe('PRa')
  expect(changedLetters('PSa', { set: [] })).toBe('Pa')
  expect(changedLetters('SF', { add: [] })).toBe('FS')
})

it('refuses to set what a name cannot hold; taking it away is no change', () => {
  expect(() => requireKnownFlags({ add: ['\\Seen', '$Junk'] })).toThrow('$Junk')
  expect(() => requireKnownFlags({ set: ['\\Recent'] })).toThrow('Recent')
  expect(() => requireKnownFlags({ remove: ['$Junk'] })).not.toThrow()
})
