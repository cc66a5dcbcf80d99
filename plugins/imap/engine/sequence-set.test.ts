import { describe, expect, test } from 'vitest'
import { readSequenceSet, settledRanges } from './sequence-set.ts'

const star = Number.POSITIVE_INFINITY

describe('readSequenceSet', () => {
  test('reads numbers, ranges, stars and the saved result', () => {
    expect(readSequenceSet('1')).toEqual([{ first: 1, last: 1 }])
    expect(readSequenceSet('5:2,*,7:*')).toEqual([
      { first: 5, last: 2 },
      { first: star, last: star },
      { first: 7, last: star },
    ])
    expect(readSequenceSet('$')).toBe('$')
  })

  test.each(['', '0', '1:', ':1', '1,', ',1', '1:2:3', '01', '4294967296', '$,1', '1,$', '**'])(
    'not %j',
    (text) => expect(readSequenceSet(text)).toBeUndefined(),
  )
})

describe('settledRanges', () => {
  test('are ascending and apart, with the star replaced', () => {
    const ranges = readSequenceSet('7:9,1,3:2,8:12,*,13')
    expect(ranges === '$' ? [] : settledRanges(ranges ?? [], 20)).toEqual([
      { first: 1, last: 3 },
      { first: 7, last: 13 },
      { first: 20, last: 20 },
    ])
  })

  test('a range up to the star always holds the last message (RFC 9051 §9)', () => {
    expect(settledRanges([{ first: 50, last: star }], 20)).toEqual([{ first: 20, last: 50 }])
  })
})
