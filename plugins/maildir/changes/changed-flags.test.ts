import { expect, it, vi } from 'vitest'
import { ChangedFlags } from './changed-flags.ts'

it('looks at a list of keywords once, however many messages share it', () => {
  const keywords = Array.from({ length: 300 }, (_, index) => `k${index}`).sort()
  const join = vi.spyOn(keywords, 'join')
  const changed = new ChangedFlags({ add: ['new'] })
  const first = changed.of('S', keywords)
  for (let count = 0; count < 1_000; count += 1) expect(changed.of('S', keywords)).toBe(first)
  expect(join.mock.calls.length).toBeLessThan(3)
  expect([first.letters, first.keywords.length, first.haveKeywordsChanged]).toEqual(['S', 301, true])
})

it('answers the same list for equal ones, and the list itself where nothing changes', () => {
  const changed = new ChangedFlags({ add: ['b', '\\Flagged'] })
  expect(changed.of('S', ['a']).keywords).toBe(changed.of('S', ['a']).keywords)
  const keywords = ['a', 'b']
  const outcome = changed.of('', keywords)
  expect([outcome.letters, outcome.haveKeywordsChanged]).toEqual(['F', false])
  expect(outcome.keywords).toBe(keywords)
  expect(changed.of('', ['a', 'b']).keywords).toBe(keywords)
})
