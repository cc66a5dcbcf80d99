import type { ImapSelected } from 'mailwright/imap'
import { expect, test } from 'vitest'
import { Random } from '../../../test/generator/random.ts'
import { numbersOf } from './result.ts'

test.each([
  ['next to each other', 1, 1],
  ['here and there', 20, 700],
  ['far apart', 100_000, 1],
])('numbers of messages whose UIDs are %s', (_, step, first) => {
  const random = new Random(1)
  let uid = first
  const messages = Array.from({ length: 3_000 }, () => {
    uid += random.between(1, step)
    return { uid }
  })
  const uids = messages.map((message) => message.uid)
  const shuffled = uids.toSorted((one, other) => (one % 97) - (other % 97))
  for (const asked of [uids, shuffled, shuffled.slice(0, 50), uids.slice(1_000), []])
    expect(numbersOf({ messages } as unknown as ImapSelected, asked)).toEqual(
      asked.map((one) => uids.indexOf(one) + 1),
    )
})
