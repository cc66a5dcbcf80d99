import { describe, expect, it, vi } from 'vitest'
import { MessageFacts } from '../facts/message-facts.ts'
import { bufferContent, type Content } from '../model/content.ts'
import type { Day, SearchCriterion } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { Pacer } from '../summary/pacer.ts'
import { summarise } from '../summary/summariser.ts'
import { searchEntries } from './search-entries.ts'
import { decideByFacts } from './search-facts.ts'

const now = Date.UTC(2026, 10, 28, 12)

class TestMailbox {
  readonly id = 'inbox'
  readonly uidValidity = 1
  readonly entries: readonly MessageEntry[]
  readonly #octets: ReadonlyMap<number, Buffer>
  readonly #summaries = new Map<number, MessageSummary>()
  readonly gone = new Set<number>()
  summarised = 0

  /** UIDs go up by three, so that there are some between. */
  constructor(messages: readonly Buffer[]) {
    this.#octets = new Map(messages.map((octets, index) => [index * 3 + 1, octets]))
    this.entries = messages.map((octets, index) => ({
      uid: index * 3 + 1,
      id: `m${index}`,
      size: octets.length,
      flags: index % 2 === 0 ? [] : ['\\Seen'],
      internalDate: new Date(now),
      savedDate: new Date(now),
      modSequence: index + 1,
    }))
  }

  async *summaries(uids: readonly number[]) {
    for (const uid of uids) {
      this.summarised += 1
      const summary = this.#summaries.get(uid) ?? (await summarise(uid, await this.content(uid)))
      this.#summaries.set(uid, summary)
      if (!this.gone.has(uid)) yield summary
    }
  }

  async content(uid: number): Promise<Content> {
    return bufferContent(this.#octets.get(uid) ?? Buffer.alloc(0))
  }

  async decided(facts: MessageFacts, criterion: SearchCriterion): Promise<SearchCriterion> {
    return decideByFacts(facts.of('tim', this), criterion, now)
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    return searchEntries(this, criterion, now)
  }
}

// The same numbers each time (xorshift), so that what fails once fails again.
let state = 20_261_129
function below(end: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % end
}
function pick<T>(values: readonly [T, ...T[]]): T {
  return values[below(values.length)] ?? values[0]
}

const people = [
  'user1@one.example',
  '=?utf-8?q?B=C3=BCro?= <user2@one.example>',
  'ﬁne art <ART@two.example>, =?koi8-r?b?7enyIA==?= <m@three.example>',
  '=?utf-8?b?5Lit5paH?= <c@four.example>',
  'undisclosed:;',
  'User (the boss) Art <user @ one . example>, "fine\\, art" <"a b"@two.example>',
] as const
const subjects = [
  'Größe',
  '=?iso-8859-1?q?Stra=DFe?=',
  'e\u0301te\u0301',
  '',
  '=?utf-8?b?5Lit5paH?= user',
  'a\r\n b',
] as const
const dates = [
  'Mon, 20 Feb 2026 23:59:00 -0800',
  '10 Jan 2026 00:00:00 GMT',
  'Mon, 1 Jun 2026 08:00 +0200 (CEST)',
  'never',
] as const

function anyMessage(): Buffer {
  const fields = [
    `From: ${pick(people)}`,
    ...(below(3) === 0 ? [] : [`To: ${pick(people)}`]),
    ...(below(3) === 0 ? [`Cc: ${pick(people)}`, `CC: ${pick(people)}`] : []),
    ...(below(4) === 0 ? [`Bcc: ${pick(people)}`] : []),
    ...(below(5) === 0 ? [] : [`Subject: ${pick(subjects)}`]),
    ...(below(5) === 0 ? [] : [`Date: ${pick(dates)}`]),
    ...(below(2) === 0 ? [] : [`Message-ID: <${below(100)}.USER@one.example>`]),
    'X-Note: user',
  ]
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\nuser\r\n`)
}

const fields = ['From', 'TO', 'subject', 'Cc', 'Bcc', 'Message-ID', 'X-Note', 'Date'] as const
const texts = [
  '',
  'größe',
  'STRASSE',
  'мир',
  '中文',
  'fine',
  'e\u0301',
  'user',
  'art <',
  'user art',
  'fine, art',
  'user@one.example',
  '@',
  'ми',
  '\ud83d',
  '\0',
] as const
const days: readonly [Day, ...Day[]] = ['2026-01-10', '2026-02-20', '2026-06-01']

function anyCriterion(depth: number): SearchCriterion {
  const kind = below(depth === 0 ? 4 : 7)
  switch (kind) {
    case 0:
    case 1:
      return { kind: 'header', field: pick(fields), text: pick(texts) }
    case 2:
      return { kind: 'sent', is: pick(['before', 'on', 'since'] as const), day: pick(days) }
    case 3:
      return { kind: 'flag', flag: '\\Seen' }
    case 4:
      return { kind: 'not', of: anyCriterion(depth - 1) }
    default:
      return {
        kind: kind === 5 ? 'and' : 'or',
        of: [anyCriterion(depth - 1), anyCriterion(depth - 1)],
      }
  }
}

describe('what facts decide', () => {
  const corpus = Array.from({ length: 200 }, () => anyMessage())

  it('is what a search finds, whatever is asked', async () => {
    const mailbox = new TestMailbox(corpus)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    for (let round = 0; round < 300; round += 1) {
      const criterion = anyCriterion(3)
      const expected = await mailbox.search(criterion)
      const decided = await mailbox.decided(facts, criterion)
      expect([criterion, await mailbox.search(decided)]).toEqual([criterion, expected])
    }
  })

  it('needs each message once', async () => {
    const mailbox = new TestMailbox(corpus)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    for (const text of ['user', 'größe', 'user', 'nobody']) {
      const decided = await mailbox.decided(facts, { kind: 'header', field: 'From', text })
      expect(decided.kind).toBe('uids')
    }
    expect(mailbox.summarised).toBe(corpus.length)
  })

  it('is asked of those messages only that entries do not decide', async () => {
    const mailbox = new TestMailbox(corpus)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    const from: SearchCriterion = { kind: 'header', field: 'From', text: 'user' }
    const seen: SearchCriterion = { kind: 'flag', flag: '\\Seen' }
    await mailbox.decided(facts, {
      kind: 'and',
      of: [{ kind: 'uids', ranges: [{ first: 1, last: 30 }] }, seen, from],
    })
    expect(mailbox.summarised).toBe(5)
    const undecided: SearchCriterion = { kind: 'and', of: [seen, { kind: 'not', of: seen }, from] }
    expect(await mailbox.decided(facts, undecided)).toBe(undecided)
    expect(mailbox.summarised).toBe(5)
  })

  it('is nothing where nothing of that kind is asked', async () => {
    const mailbox = new TestMailbox(corpus)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    const criterion: SearchCriterion = {
      kind: 'or',
      of: [
        { kind: 'text', text: 'user' },
        { kind: 'header', field: 'X-Note', text: '' },
        { kind: 'header', field: 'From', text: '\0' },
        { kind: 'header', field: 'From', text: '\ud800' },
      ],
    }
    expect(await mailbox.decided(facts, criterion)).toBe(criterion)
    expect(mailbox.summarised).toBe(0)
  })

  it('takes no more memory than is right', async () => {
    const mailbox = new TestMailbox(
      Array.from({ length: 1_000 }, (_, index) =>
        Buffer.from(`From: ${index % 2 === 0 ? 'user' : 'ann'}\r\n\r\n`),
      ),
    )
    const facts = new MessageFacts({ bytes: 10_000_000 })
    const unseen: SearchCriterion = { kind: 'not', of: { kind: 'flag', flag: '\\Seen' } }
    const criterion: SearchCriterion = {
      kind: 'or',
      of: Array.from({ length: 1_100 }, () => ({
        kind: 'and',
        of: [
          { kind: 'or', of: [unseen, { kind: 'body', text: 'x' }] },
          { kind: 'header', field: 'from', text: 'user' },
        ],
      })),
    }
    const decided = JSON.stringify(await mailbox.decided(facts, criterion))
    expect(decided).toContain('"header"')
    expect(decided).toContain('"uids"')
    expect(await mailbox.search(JSON.parse(decided))).toEqual(await mailbox.search(criterion))
  })

  it('leaves out messages that were removed, and what lies between', async () => {
    const mailbox = new TestMailbox(corpus)
    mailbox.gone.add(4)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    const decided = await mailbox.decided(facts, { kind: 'header', field: 'From', text: '' })
    const { gone } = mailbox
    gone.clear()
    const found = await mailbox.search(decided)
    expect(found).not.toContain(4)
    expect(found).toContain(1)
    expect(found).toContain(7)
  })

  it('looks at the clock by the characters that are searched', async () => {
    const mailbox = new TestMailbox(
      Array.from({ length: 100 }, (_, index) =>
        Buffer.from(`Message-ID: <${index}${'x'.repeat(50_000)}>\r\n\r\n`),
      ),
    )
    const facts = new MessageFacts({ bytes: 100_000_000 })
    const criterion: SearchCriterion = { kind: 'header', field: 'message-id', text: 'y' }
    await mailbox.decided(facts, criterion)
    const isDue = vi.spyOn(Pacer.prototype, 'isDue', 'get')
    try {
      await mailbox.decided(facts, criterion)
      expect(isDue.mock.calls.length).toBeGreaterThan(15)
    } finally {
      isDue.mockRestore()
    }
  })

  it('fails for what is no criterion', async () => {
    const mailbox = new TestMailbox(corpus)
    const facts = new MessageFacts({ bytes: 10_000_000 })
    let deep: SearchCriterion = { kind: 'header', field: 'From', text: 'x' }
    for (let depth = 0; depth < 20_000; depth += 1) deep = { kind: 'not', of: deep }
    await expect(mailbox.decided(facts, deep)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
  })
})
