import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
})
afterEach(() => box.remove())

it('keywords by the hundred on many messages are written as several changes, each with its mod-sequence', async () => {
  for (let count = 0; count < 150; count += 1) await box.put(`cur/${1_700_000_000 + count}.R.h:2,`, 'x')
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const before = Math.max(...mailbox.entries.map(({ modSequence }) => modSequence))
  const keywords = Array.from({ length: 400 }, (_, index) => `k${index}`)
  const uids = mailbox.entries.map(({ uid }) => uid)
  const { entries } = await mailbox.changeFlags(uids, { add: keywords })
  expect(entries).toHaveLength(150)
  expect(entries.every(({ flags }) => flags.length === 400)).toBe(true)
  expect([...new Set(entries.map(({ modSequence }) => modSequence))]).toEqual([before + 1, before + 2])
  const other = await (await box.again()).openMailbox('INBOX')
  expect(other.entries).toEqual(entries)
})
