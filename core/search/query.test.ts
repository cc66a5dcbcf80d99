import { expect, test } from 'vitest'
import type { SearchCriterion } from '../model/search.ts'
import { prepareQuery } from './query.ts'

test('messages that are left out one by one are asked for at once', () => {
  const of = Array.from({ length: 2_400 }, (_, at): SearchCriterion => {
    return { kind: 'not', of: { kind: 'uids', ranges: [{ first: 7 * at, last: 7 * at }] } }
  })
  const { matches } = prepareQuery({ kind: 'and', of }, 0)
  const moment = new Date(0)
  let asked = 0
  const answers = [6, 7, 8, 16_793, 16_800].map((uid) =>
    matches({
      entry: {
        get uid() {
          asked += 1
          return uid
        },
        id: '',
        size: 0,
        flags: [],
        internalDate: moment,
        savedDate: moment,
        modSequence: 1,
      },
    }),
  )
  expect(answers).toEqual([true, false, true, false, true])
  expect(asked).toBeLessThan(500)
})
