import { describe, expect, it } from 'vitest'
import { MessageFacts } from '../facts/message-facts.ts'
import { SummarisedMailbox } from '../testing/summarised-mailbox.ts'
import { type SortCriterion, type SortKey, sortMessages } from './sort-messages.ts'

function sorted(
  mailbox: SummarisedMailbox,
  criteria: readonly (SortKey | readonly ['reverse', SortKey])[],
  uids: readonly number[] = mailbox.uids,
): Promise<readonly number[]> {
  const keys = criteria.map(
    (each): SortCriterion =>
      typeof each === 'string' ? { key: each, reverse: false } : { key: each[1], reverse: true },
  )
  return sortMessages(new MessageFacts({ bytes: 2 ** 20 }).of('ann', mailbox), keys, uids)
}

/** Messages that differ in one field. */
function mailboxBy(field: string, bodies: readonly string[]): SummarisedMailbox {
  return new SummarisedMailbox(bodies.map((body) => (body === '' ? [] : [`${field}: ${body}`])))
}

describe('sortMessages', () => {
  it('sorts by base subjects without regard to case', async () => {
    const mailbox = mailboxBy('Subject', [
      'zoo',
      'Re: apple',
      '[list] Banana',
      'APPLE',
      '',
      'Fwd: zoo',
      '=?utf-8?q?=C3=84ther?=',
    ])
    expect(await sorted(mailbox, ['subject'])).toEqual([5, 2, 4, 7, 3, 1, 6])
    expect(await sorted(mailbox, [['reverse', 'subject']])).toEqual([1, 6, 3, 7, 2, 4, 5])
  })

  it('sorts by the octets in UTF-8, not by UTF-16', async () => {
    const mailbox = mailboxBy('Subject', ['\u{1f600}', '\ufffd', 'z', '\ue000'])
    expect(await sorted(mailbox, ['subject'])).toEqual([3, 4, 2, 1])
  })

  it.each([
    ['from', 'From'],
    ['to', 'To'],
    ['cc', 'Cc'],
  ] as const)('sorts by the local part of the first address in %s', async (key, field) => {
    const mailbox = mailboxBy(field, [
      'Zoe <adam@z.example>, aaa@example.org',
      'BOB@a.example',
      '"a b"@example.org',
      'carl@example.org',
      '',
      'Friends: dora@example.org;',
      'bob@b.example',
    ])
    expect(await sorted(mailbox, [key])).toEqual([5, 3, 1, 2, 7, 4, 6])
  })

  it.each([
    ['displayfrom', 'From'],
    ['displayto', 'To'],
  ] as const)('sorts by the name of the first address in %s, or else by the address', async (key, field) => {
    const mailbox = mailboxBy(field, [
      'Zoe <adam@example.org>',
      'bob@b.example',
      '"Quoted, Name" <x@example.org>',
      '=?utf-8?q?=C3=84nne?= <y@example.org>',
      '=?utf-8?q??= <carl@example.org>',
      'dora@example.org (Eve)',
      '',
      'Friends: z@example.org;',
      'bob@a.example',
    ])
    expect(await sorted(mailbox, [key])).toEqual([7, 4, 9, 2, 5, 6, 8, 3, 1])
  })

  it('sorts by when messages were sent, or else came', async () => {
    const mailbox = mailboxBy('Date', [
      '1 Jan 2026 00:00:05 +0000',
      '',
      '31 Dec 2025 23:00:00 -0200',
      '1 Jan 2026 02:00:00 +0200',
      'nonsense',
      '1 Jan 1960 00:00:00 +0000',
    ])
    // What came at 00:00:01 and 00:00:04 stands among what was sent at 0, 5 and one hour.
    expect(await sorted(mailbox, ['date'])).toEqual([6, 4, 2, 5, 1, 3])
    expect(await sorted(mailbox, [['reverse', 'date']])).toEqual([3, 1, 5, 2, 4, 6])
  })

  it('sorts by arrival in seconds and by size without reading anything', async () => {
    const mailbox = mailboxBy('Subject', ['ccc', 'a', 'bb', 'ddd'])
    mailbox.messages = mailbox.messages.map((message, index) => ({
      ...message,
      internalDate: new Date([3_000, 1_999, 1_000, 5][index] ?? 0),
    }))
    expect(await sorted(mailbox, ['arrival'])).toEqual([4, 2, 3, 1])
    expect(await sorted(mailbox, [['reverse', 'arrival']])).toEqual([1, 2, 3, 4])
    expect(await sorted(mailbox, ['size'])).toEqual([2, 3, 1, 4])
    expect(mailbox.asked).toEqual([])
  })

  it('sorts by several criteria, and reverses only those that are to be', async () => {
    const mailbox = new SummarisedMailbox(
      ['a x', 'b x', 'a y', 'b x', 'a x'].map((words) => {
        const [subject, from] = words.split(' ')
        return [`Subject: ${subject}`, `From: ${from}@example.org`]
      }),
    )
    expect(await sorted(mailbox, ['subject', 'from'])).toEqual([1, 5, 3, 2, 4])
    expect(await sorted(mailbox, [['reverse', 'subject'], 'from'])).toEqual([2, 4, 1, 5, 3])
    expect(await sorted(mailbox, ['from', ['reverse', 'subject']])).toEqual([2, 4, 1, 5, 3])
    expect(await sorted(mailbox, [['reverse', 'from'], 'from', 'subject'])).toEqual([3, 1, 5, 2, 4])
    expect(await sorted(mailbox, [])).toEqual([1, 2, 3, 4, 5])
  })

  it('sorts some of the messages, and none', async () => {
    const mailbox = mailboxBy('Subject', ['d', 'c', 'b', 'a'])
    expect(await sorted(mailbox, ['subject'], [1, 3])).toEqual([3, 1])
    expect(await sorted(mailbox, ['subject'], [])).toEqual([])
    expect(await sorted(mailbox, ['size'], [4])).toEqual([4])
  })

  it('leaves out messages that were removed before they were read', async () => {
    const mailbox = mailboxBy('Subject', ['d', 'c', 'b', 'a'])
    const uids = mailbox.uids
    mailbox.messages = mailbox.messages.filter(({ uid }) => uid !== 3)
    expect(await sorted(mailbox, ['subject'], uids)).toEqual([4, 2, 1])
  })

  it('sorts a few messages of a large mailbox, with their internal dates', async () => {
    const mailbox = mailboxBy(
      'Subject',
      Array.from({ length: 400 }, () => 'x'),
    )
    mailbox.messages = mailbox.messages.map((message, index) => ({
      ...message,
      uid: (index + 1) * 10,
      internalDate: new Date(1_000_000_000 - index * 1_000),
    }))
    expect(await sorted(mailbox, ['date'], [10, 2_000, 4_000])).toEqual([4_000, 2_000, 10])
    expect(await sorted(mailbox, ['arrival'], [10, 2_000, 4_000])).toEqual([4_000, 2_000, 10])
  })

  it('takes what came meanwhile into the order', async () => {
    const mailbox = mailboxBy('Subject', ['d', 'b', 'c', 'a', 'b'])
    const facts = new MessageFacts({ bytes: 2 ** 20 }).of('ann', mailbox)
    const criteria: readonly SortCriterion[] = [{ key: 'subject', reverse: false }]
    expect(await sortMessages(facts, criteria, [1, 2, 3])).toEqual([2, 3, 1])
    expect(await sortMessages(facts, criteria, [1, 2, 3, 4, 5])).toEqual([4, 2, 5, 3, 1])
    expect(mailbox.asked).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
  })
})
