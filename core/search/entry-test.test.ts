import { expect, it, vi } from 'vitest'
import type { MessageEntry } from '../services/mailbox.ts'
import { entryTest } from './entry-test.ts'

it('makes one test of ranges that a criterion has in many places', () => {
  const ranges = [{ first: 3, last: 1 }]
  const test = entryTest({ kind: 'uids', ranges }, 0)
  expect(entryTest({ kind: 'uids', ranges }, 0)).toBe(test)
  expect([1, 3, 4].map((uid) => test?.({ uid } as MessageEntry))).toEqual([true, true, false])
})

it('looks at the flags of a message once, however many are asked for', () => {
  const flags = Array.from({ length: 500 }, (_, index) => `Keyword${index}`)
  const entry = { flags } as unknown as MessageEntry
  const tests = [
    'keyword499',
    'KEYWORD7',
    ...Array.from({ length: 1_000 }, (_, index) => `keyw0rd${index}`),
  ].map((flag) => entryTest({ kind: 'flag', flag }, 0))
  const lowered = vi.spyOn(String.prototype, 'toLowerCase')
  try {
    expect(tests.map((test) => test?.(entry)).filter((holds) => holds)).toHaveLength(2)
    expect(lowered.mock.calls.length).toBeLessThan(600)
  } finally {
    lowered.mockRestore()
  }
})

it.each([[{ first: Number.NaN, last: 9 }], [{ first: 4, last: Number.NaN }]])(
  'takes no range that has an end which is no number, wherever it stands: %o',
  (wrong) => {
    for (const before of [
      [],
      [{ first: 7, last: 8 }],
      [
        { first: 7, last: 6 },
        { first: 1, last: 2 },
      ],
    ])
      expect(() => entryTest({ kind: 'uids', ranges: [...before, wrong] }, 0)).toThrow('is not a number')
  },
)
