import { describe, expect, it } from 'vitest'
import { SummarisedMailbox } from '../testing/summarised-mailbox.ts'
import type { IdentifierFact, NumberFact, TextFact, WordFact } from './fact.ts'
import { MessageFacts } from './message-facts.ts'

const length: NumberFact = {
  kind: 'number',
  of: ({ header }) => header.text('subject')?.length ?? Number.NaN,
}
const subject: WordFact = { kind: 'word', of: ({ header }) => header.first('subject')?.bodyOctets ?? '' }
const text: TextFact = {
  kind: 'text',
  of: ({ uid, header }) => `${uid} ${header.first('subject')?.bodyOctets}`,
}
const notes: IdentifierFact = {
  kind: 'identifiers',
  fields: ['x-notes'],
  of: ({ header }) => (header.first('x-notes')?.body ?? '').split(' '),
}

function mailboxOf(count: number): SummarisedMailbox {
  return new SummarisedMailbox(Array.from({ length: count }, (_, index) => [`Subject: s${index % 3}`]))
}

function cacheOf(bytes = 2 ** 24): MessageFacts {
  return new MessageFacts({ bytes })
}

describe('MessageFacts', () => {
  it('answers facts of each kind in the order of the UIDs', async () => {
    const mailbox = new SummarisedMailbox([
      ['Subject: one', 'X-Notes: a b a'],
      ['Subject: Größe', 'X-Notes: b'],
      ['X-Notes:'],
      ['Subject: one'],
    ])
    const rows = await cacheOf().of('ann', mailbox).load([length, subject, text, notes], [1, 2, 3, 4])
    expect(rows.uids).toEqual([1, 2, 3, 4])
    expect(rows.numbers(length)).toEqual(Float64Array.of(3, 5, Number.NaN, 3))
    const { numbers, table } = rows.words(subject)
    expect(Array.from(numbers, (number) => table.word(number))).toEqual([
      'one',
      'Gr\xc3\xb6\xc3\x9fe',
      '',
      'one',
    ])
    expect(numbers[0]).toBe(numbers[3])
    const texts = rows.texts(text)
    expect(rows.uids.map((_, index) => texts.text(index))).toEqual([
      '1 one',
      '2 Gr\xc3\xb6\xc3\x9fe',
      '3 undefined',
      '4 one',
    ])
    expect(texts.octets(1)).toEqual(Buffer.from('2 Größe'))
    const { starts, lengths, items, size } = rows.identifiers(notes)
    const ofMessage = (index: number): readonly number[] => [
      ...items.subarray(starts[index], (starts[index] ?? 0) + (lengths[index] ?? 0)),
    ]
    const [a, b] = ofMessage(0)
    expect([0, 1, 2, 3].map(ofMessage)).toEqual([[a, b, a], [b], [0], [0]])
    expect([a, b, size].toSorted()).toEqual([1, 2, 3])
  })

  it('reads each message once, for everyone, whatever is asked in which order', async () => {
    const mailbox = mailboxOf(10)
    const cache = cacheOf()
    await cache.of('ann', mailbox).load([subject], [8, 9])
    await cache.of('ann', mailbox).load([subject], [1, 9])
    const rows = await cache.of('ann', mailbox).load([subject], mailbox.uids)
    await cache.of('ann', mailbox).load([subject], [3, 4, 10])
    expect(mailbox.asked).toEqual([[8, 9], [1], [2, 3, 4, 5, 6, 7, 10]])
    const { numbers, table } = rows.words(subject)
    expect(Array.from(numbers, (number) => table.word(number))).toEqual(
      mailbox.uids.map((uid) => `s${(uid - 1) % 3}`),
    )
  })

  it('reads again only what another fact needs', async () => {
    const mailbox = mailboxOf(4)
    const facts = cacheOf().of('ann', mailbox)
    await facts.load([subject], [1, 2, 3])
    const rows = await facts.load([subject, length], [2, 3, 4])
    expect(mailbox.asked).toEqual([
      [1, 2, 3],
      [2, 3, 4],
    ])
    expect([...rows.numbers(length)]).toEqual([2, 2, 2])
  })

  it('keeps accounts, mailboxes and UIDVALIDITYs apart', async () => {
    const cache = cacheOf()
    const mailbox = mailboxOf(1)
    await cache.of('ann', mailbox).load([subject], [1])
    await cache.of('bob', mailbox).load([subject], [1])
    mailbox.uidValidity = 2
    await cache.of('ann', mailbox).load([subject], [1])
    const other = Object.assign(mailboxOf(1), { id: 'other' })
    await cache.of('ann', other).load([subject], [1])
    expect([mailbox.asked.length, other.asked.length]).toEqual([3, 1])
  })

  it('asks the mailbox for nothing without facts', async () => {
    const mailbox = mailboxOf(2)
    const rows = await cacheOf().of('ann', mailbox).load([], mailbox.uids)
    expect([rows.uids, mailbox.asked]).toEqual([[1, 2], []])
    expect(() => rows.words(subject)).toThrow(TypeError)
  })

  it('takes new messages in, and leaves out those that are gone before they were read', async () => {
    const mailbox = mailboxOf(6)
    const facts = cacheOf().of('ann', mailbox)
    await facts.load([subject], [1, 2, 3])
    mailbox.messages = mailbox.messages.filter(({ uid }) => uid !== 2 && uid !== 5)
    const rows = await facts.load([subject], [1, 2, 4, 5, 6])
    expect(rows.uids).toEqual([1, 2, 4, 6])
    expect(rows.words(subject).numbers.length).toBe(4)
    expect(mailbox.asked.at(-1)).toEqual([4, 5, 6])
  })

  it('reads no more than it is told to, and says how far it came', async () => {
    const mailbox = mailboxOf(9)
    const long: TextFact = { kind: 'text', of: ({ uid }) => `${uid}`.repeat(100_000) }
    const facts = cacheOf().of('ann', mailbox)
    mailbox.messages = mailbox.messages.filter(({ uid }) => uid !== 2)
    await facts.load([long], [3])
    const found: (readonly number[])[] = []
    for (let from = 0; from < 9; ) {
      const rows = await facts.load([long], [1, 2, 3, 4, 5, 6, 7, 8, 9].slice(from), 250_000)
      expect(rows.texts(long).text(0)[0]).toBe(`${rows.uids[0]}`)
      found.push(rows.uids)
      from += rows.asked
    }
    expect(found.flat()).toEqual([1, 3, 4, 5, 6, 7, 8, 9])
    expect(Math.max(...found.map((uids) => uids.length))).toBeLessThan(5)
    expect(new Set(mailbox.asked.map(([first]) => first)).size).toBe(found.length + 1)
    expect((await facts.load([long], [7, 8, 9], 1)).asked).toBe(3)
  })

  it('begins anew where most of what it knows is gone', async () => {
    const mailbox = mailboxOf(2_000)
    const cache = cacheOf()
    const facts = cache.of('ann', mailbox)
    await facts.load([length, subject], mailbox.uids)
    const before = cache.bytes
    mailbox.messages = mailbox.messages.slice(1_900)
    await facts.load([subject], mailbox.uids)
    expect(mailbox.asked.map(({ length: count }) => count)).toEqual([2_000, 100])
    expect(cache.bytes).toBeLessThan(before / 4)
  })

  it('reads the header of a message whose summary lacks a field that is needed', async () => {
    const long = Array.from({ length: 3_000 }, (_, index) => `n${index}`).join(' ')
    const mailbox = new SummarisedMailbox([[`X-Notes: ${long}`], ['X-Notes: n0'], [`X-Other: ${long}`]])
    const rows = await cacheOf().of('ann', mailbox).load([notes, subject], mailbox.uids)
    const { starts, lengths, items } = rows.identifiers(notes)
    expect([...lengths]).toEqual([3_000, 1, 1])
    expect(items[starts[0] ?? 0]).toBe(items[starts[1] ?? 0])
    expect(mailbox.read).toEqual([1])
  })

  it('leaves out a message that goes before its header is read', async () => {
    const mailbox = new SummarisedMailbox([[`X-Notes: ${'x'.repeat(9_000)}`], ['X-Notes: n0']])
    const facts = cacheOf().of('ann', {
      id: 'inbox',
      uidValidity: 1,
      entries: mailbox.entries,
      summaries: (uids) => mailbox.summaries(uids),
      content: async () => new SummarisedMailbox([]).content(1),
    })
    expect((await facts.load([notes], [1, 2])).uids).toEqual([2])
  })

  it('fails as the mailbox does, and goes on afterwards', async () => {
    const mailbox = mailboxOf(1_000)
    const facts = cacheOf().of('ann', mailbox)
    const { summaries } = mailbox
    mailbox.summaries = async function* (uids) {
      yield* summaries.call(mailbox, uids.slice(0, 600))
      throw new Error('no disk')
    }
    const both = [facts.load([subject], mailbox.uids), facts.load([subject], mailbox.uids)]
    for (const each of both) await expect(each).rejects.toThrow('no disk')
    mailbox.summaries = summaries
    expect((await facts.load([subject], mailbox.uids)).uids.length).toBe(1_000)
    expect(mailbox.asked.at(-1)?.length).toBeLessThan(500)
  })

  it('reads many messages once where several ask at the same time, and few without waiting for them', async () => {
    const mailbox = mailboxOf(1_200)
    const cache = cacheOf()
    const order: string[] = []
    const load = (name: string, uids: readonly number[]): Promise<void> =>
      cache
        .of('ann', mailbox)
        .load([subject], uids)
        .then(() => void order.push(name))
    await Promise.all([load('many', mailbox.uids), load('again', mailbox.uids), load('few', [1_199])])
    expect(order).toEqual(['few', 'many', 'again'])
    expect(mailbox.asked.map(({ length: count }) => count).toSorted()).toEqual([1, 1_200])
  })

  it('forgets what was not used for longest beyond its bound', async () => {
    const cache = cacheOf(40_000)
    const mailboxes = ['a', 'b', 'c', 'd'].map((id) => Object.assign(mailboxOf(500), { id }))
    for (const mailbox of mailboxes) await cache.of('ann', mailbox).load([text], mailbox.uids)
    const held = cache.bytes
    expect(held).toBeLessThanOrEqual(40_000)
    expect(held).toBeGreaterThan(10_000)
    for (const mailbox of mailboxes.toReversed()) {
      await cache.of('ann', mailbox).load([text], [1])
      if (mailbox.id === 'd') expect(mailbox.asked.length).toBe(1)
      if (mailbox.id === 'a') expect(mailbox.asked.length).toBe(2)
    }
  })

  it('answers what is larger than its bound, and keeps none of it', async () => {
    const cache = cacheOf(10_000)
    const mailbox = mailboxOf(2_000)
    const rows = await cache.of('ann', mailbox).load([text, subject], mailbox.uids)
    const texts = rows.texts(text)
    expect(rows.uids.every((uid, index) => texts.text(index) === `${uid} s${(uid - 1) % 3}`)).toBe(true)
    expect(cache.bytes).toBeLessThanOrEqual(10_000)
    const again = await cache.of('ann', mailbox).load([subject], [7])
    expect(again.words(subject).table.word(0)).toBe('s0')
  })

  it('counts nothing when everything is forgotten', async () => {
    const cache = cacheOf(0)
    await cache.of('ann', mailboxOf(50)).load([length, text, subject, notes], [1, 2, 50])
    expect(cache.bytes).toBe(0)
  })

  it('keeps rows as they were, whatever comes after', async () => {
    const mailbox = mailboxOf(300)
    const facts = cacheOf().of('ann', mailbox)
    const early = await facts.load([text, subject], [100, 200])
    await facts.load([text, subject], mailbox.uids)
    mailbox.messages = []
    await facts.load([subject], [])
    expect([early.texts(text).text(0), early.texts(text).text(1)]).toEqual(['100 s0', '200 s1'])
    expect([...early.words(subject).numbers]).toEqual([0, 1])
  })

  it('keeps empty and very long texts', async () => {
    const long = 'x'.repeat(3_000_000)
    const texts = ['', long, 'short', '', long]
    const each: TextFact = { kind: 'text', of: ({ uid }) => texts[uid - 1] ?? '' }
    const rows = await cacheOf().of('ann', mailboxOf(5)).load([each], [1, 2, 3, 4, 5])
    expect(texts.map((_, index) => rows.texts(each).text(index) === texts[index])).not.toContain(false)
  })
})
