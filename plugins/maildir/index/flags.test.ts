import { expect, it } from 'vitest'
import { changeKept, keptFlags } from './flags.ts'

it('writes flags as letters, in any case, sorted, and keeps keywords beside them', () => {
  expect(keptFlags(['\\seen', '\\ANSWERED', '\\Seen', '$Forwarded', 'label'])).toEqual({
    letters: 'RS',
    keywords: ['$Forwarded', 'label'],
  })
})

it('changes letters and keeps those it does not know', () => {
  const kept = (letters: string, keywords: readonly string[] = []) => ({ letters, keywords })
  expect(changeKept(kept('PSa'), { add: ['\\Flagged'] })).toEqual(kept('FPSa'))
  expect(changeKept(kept('PSa'), { remove: ['\\Seen', '\\Draft'] })).toEqual(kept('Pa'))
  expect(changeKept(kept('FPSTa', ['x']), { set: ['\\Answered'] })).toEqual(kept('PRa'))
  expect(changeKept(kept('PSa'), { set: [] })).toEqual(kept('Pa'))
  expect(changeKept(kept('SF', ['a']), { add: ['B', 'A'] })).toEqual(kept('FS', ['B', 'a']))
  expect(changeKept(kept('', ['Junk']), { remove: ['junk'] })).toEqual(kept(''))
})

it('refuses what is neither flag nor keyword', () => {
  expect(() => keptFlags(['\\Recent'])).toThrow('Recent')
  expect(() => changeKept({ letters: '', keywords: [] }, { set: ['a b'] })).toThrow('a b')
})
