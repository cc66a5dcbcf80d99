import type { Mailbox, MailboxStatus, MessageEntry } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { RecentMessages } from './recent-messages.ts'

const start = Date.UTC(2026, 0, 1)

/** A mailbox of messages that came so many seconds after the start. */
function mailboxOf(...seconds: readonly number[]): Mailbox {
  const entries = seconds.map((second, index) => {
    return { uid: index + 1, savedDate: new Date(start + second * 1000) } as MessageEntry
  })
  const close = () => Promise.resolve()
  return { id: 'm', uidValidity: 1, uidNext: entries.length + 1, entries, close } as unknown as Mailbox
}

function statusOf({ id, uidValidity, uidNext, entries }: Mailbox): MailboxStatus {
  return { id, uidValidity, uidNext, messages: entries.length } as MailboxStatus
}

function recentMessages(): RecentMessages {
  return new RecentMessages(fakeClock(start))
}

describe('messages that no session was told of', () => {
  it.each([
    ['those since the start', [-20, -10, 0, 5], 3],
    ['all', [1, 2], 1],
    ['none', [-2, -1], 3],
    ['none of none', [], 1],
  ])('are %s', (_, seconds, first) => {
    expect(recentMessages().firstOf('a', mailboxOf(...seconds))).toBe(first)
  })

  it('are those that came after the last one told, whatever their date', () => {
    const recent = recentMessages()
    recent.told('a', mailboxOf(1, 2), 2)
    expect(recent.firstOf('a', mailboxOf(1, 2, -5))).toBe(3)
    // Somebody was told of less.
    recent.told('a', mailboxOf(1, 2), 1)
    expect(recent.firstOf('a', mailboxOf(1, 2, -5))).toBe(3)
  })

  it('are of one mailbox of one account, while its UIDs stand', () => {
    const recent = recentMessages()
    const mailbox = mailboxOf(1, 2)
    recent.told('a', mailbox, 2)
    expect(recent.firstOf('b', mailbox)).toBe(1)
    expect(recent.firstOf('a', { ...mailbox, id: 'n' })).toBe(1)
    expect(recent.firstOf('a', { ...mailbox, uidValidity: 2 })).toBe(1)
  })

  it('are counted without opening the mailbox where that is not needed', async () => {
    const recent = recentMessages()
    let opened = 0
    const count = (mailbox: Mailbox, uidNext = mailbox.uidNext): Promise<number> =>
      recent.count('a', { ...statusOf(mailbox), uidNext }, async () => {
        opened += 1
        return mailbox
      })
    expect(await count(mailboxOf())).toBe(0)
    expect(opened).toBe(0)
    expect(await count(mailboxOf(-3, 1, 2))).toBe(2)
    recent.told('a', mailboxOf(-3, 1, 2), 3)
    expect(await count(mailboxOf(-3, 1, 2))).toBe(0)
    expect(opened).toBe(1)
    // A fourth one came and went.
    expect(await count(mailboxOf(-3, 1, 2), 5)).toBe(0)
    expect(await count(mailboxOf(-3, 1, 2), 5)).toBe(0)
    expect(opened).toBe(2)
  })

  it('are forgotten of the mailbox that nobody asked for the longest time', () => {
    const recent = recentMessages()
    for (let id = 0; id <= 50_000; id += 1) recent.told('a', { id: String(id), uidValidity: 1 }, 5)
    const mailbox = { ...mailboxOf(1), id: '0' }
    expect(recent.firstOf('a', mailbox)).toBe(1)
    expect(recent.firstOf('a', { ...mailbox, id: '2' })).toBe(6)
  })
})
