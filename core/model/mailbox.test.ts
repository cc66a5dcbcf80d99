import { expect, test } from 'vitest'
import { indexOfUid } from './mailbox.ts'

test('indexOfUid finds where a UID is or would be', () => {
  const messages = [2, 4, 9].map((uid) => ({ uid }))
  expect([1, 2, 3, 4, 9, 10].map((uid) => indexOfUid(messages, uid))).toEqual([0, 0, 1, 1, 2, 3])
  expect(indexOfUid([], 5)).toBe(0)
})
