import { expect, test } from 'vitest'
import { MailboxData } from './mailbox-data.ts'

function messages(count: number, uid?: number) {
  const internalDate = new Date(0)
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: `m${index}`, flags: [], internalDate, octets: Buffer.from('x') },
    uid: index === 0 ? uid : undefined,
  }))
}

test('takes all messages or none where UIDs run out', () => {
  const changes: string[] = []
  const mailbox = new MailboxData('INBOX', 1, (name) => changes.push(name))
  const now = new Date(1)
  expect(mailbox.add(messages(1, 4_294_967_295), now), 'the last one is never given').toEqual([1])
  expect(mailbox.add(messages(1, 4_294_967_293), now)).toEqual([4_294_967_293])
  expect(() => mailbox.add(messages(2), now)).toThrow('no UIDs are left')
  expect(mailbox.add(messages(1), now)).toEqual([4_294_967_294])
  expect(() => mailbox.add(messages(1), now)).toThrow('no UIDs are left')
  expect(mailbox.entries.map((entry) => entry.uid)).toEqual([1, 4_294_967_293, 4_294_967_294])
  expect(mailbox.uidNext).toBe(4_294_967_295)
  expect(changes).toHaveLength(3)
})
