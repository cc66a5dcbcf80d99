import type { MessageEntry } from 'mailwright'
import { expect, test } from 'vitest'
import { withNewer } from './newer-entries.ts'

const entry = (uid: number, ...flags: string[]): MessageEntry => {
  const date = new Date(0)
  return { uid, id: `m${uid}`, size: 1, flags, internalDate: date, savedDate: date, modSequence: 1 }
}

const list = [2, 3, 5, 8, 13].map((uid) => entry(uid))

test.each([
  ['all', [2, 3, 5, 8, 13]],
  ['some', [3, 13]],
  ['in any order, and some that are not there', [8, 1, 2, 14, 4]],
  ['none', []],
])('are replaced by newer ones: %s', (_, uids) => {
  const newer = uids.map((uid) => entry(uid, '\\Seen'))
  const result = withNewer(list, newer)
  expect(result.map(({ uid }) => uid)).toEqual([2, 3, 5, 8, 13])
  for (const each of result) expect(each.flags).toEqual(uids.includes(each.uid) ? ['\\Seen'] : [])
})
