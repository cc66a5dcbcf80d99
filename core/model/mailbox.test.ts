import { expect, test } from 'vitest'
import { indexOfUid, uidFinder } from './mailbox.ts'

test('indexOfUid finds where a UID is or would be', () => {
  const messages = [2, 4, 9].map((uid) => ({ uid }))
  expect([1, 2, 3, 4, 9, 10].map((uid) => indexOfUid(messages, uid))).toEqual([0, 0, 1, 1, 2, 3])
  expect(indexOfUid([], 5)).toBe(0)
})

test('uidFinder finds messages in any order, and none that is not there', () => {
  const find = uidFinder([{ uid: 2 }, { uid: 4 }, { uid: 9 }])
  expect([2, 4, 9, 10, 1, 3, 4, 9, 2, 2].map(find)).toEqual([0, 1, 2, -1, -1, -1, 1, 2, 0, 0])
  expect(uidFinder([])(1)).toBe(-1)
})
