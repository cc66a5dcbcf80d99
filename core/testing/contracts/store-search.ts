import { expect } from 'vitest'
import type { Day, SearchCriterion } from '../../model/search.ts'
import type { Mailbox } from '../../services/mailbox.ts'
import { present } from './expectations.ts'
import { append, deliver, entryAt, type StoreCase, type StoreFixture, uidsOf } from './store-fixture.ts'
import { appendable, dayOf, meets, soughtMessages } from './store-search-corpus.ts'

const days: readonly Day[] = [
  '2001-02-03',
  '2015-02-27',
  '2015-02-28',
  '2015-03-01',
  '2015-03-02',
  '2030-01-01',
]
const relations = ['before', 'on', 'since'] as const

/** Criteria about dates of one kind: each relation with each day. */
function byDay(
  kind: 'internal' | 'saved' | 'sent',
  of: readonly string[] = days,
): readonly SearchCriterion[] {
  return of.flatMap((day) => relations.map((is) => ({ kind, is, day: day as Day })))
}

function inHeader(field: string, ...texts: readonly string[]): readonly SearchCriterion[] {
  return texts.map((text) => ({ kind: 'header', field, text }))
}

function within(kind: 'body' | 'text', ...texts: readonly string[]): readonly SearchCriterion[] {
  return texts.map((text) => ({ kind, text }))
}

const seen: SearchCriterion = { kind: 'flag', flag: '\\Seen' }
const fromAda: SearchCriterion = { kind: 'header', field: 'From', text: 'ada' }
const inMarch: SearchCriterion = { kind: 'internal', is: 'since', day: '2015-03-01' }

/** A mailbox with the corpus. */
async function filled({ store, account }: StoreFixture): Promise<Mailbox> {
  const opened = await store.open(account)
  await append(opened, appendable(store.supports))
  return opened.openMailbox('INBOX')
}

/** Demands of each criterion, and of its opposite, that it finds what is written down of the corpus. */
async function expectFound(mailbox: Mailbox, criteria: readonly SearchCriterion[]): Promise<void> {
  for (const criterion of criteria) {
    for (const asked of [criterion, { kind: 'not', of: criterion } as const]) {
      const expected = mailbox.entries.filter((entry, index) =>
        meets(asked, present(soughtMessages[index], 'a message of the corpus'), entry),
      )
      const found = await mailbox.search(asked)
      expect(found, JSON.stringify(asked)).toEqual(expected.map((entry) => entry.uid))
    }
  }
}

/** A case that asks for criteria of one sort. */
function finds(what: string, criteria: (mailbox: Mailbox) => readonly SearchCriterion[]): StoreCase {
  return {
    name: `search: ${what}`,
    async run(fixture) {
      const mailbox = await filled(fixture)
      await expectFound(mailbox, criteria(mailbox))
    },
  }
}

/** Looking for messages (RFC 9051 §6.4.4). */
export const searchCases: readonly StoreCase[] = [
  finds('all, and by UIDs', (mailbox) => {
    const [first = 0, second = 0, third = 0] = uidsOf(mailbox)
    const ranges = [
      [],
      [{ first: second, last: third }],
      [
        { first: third, last: third },
        { first: 1, last: first },
      ],
      [{ first: third, last: 4_294_967_295 }],
      [{ first: mailbox.uidNext, last: mailbox.uidNext + 10 }],
    ]
    return [{ kind: 'all' }, ...ranges.map((one) => ({ kind: 'uids', ranges: one }) as const)]
  }),
  finds('by flags and keywords, in any case', () =>
    ['\\Seen', '\\sEEN', '\\Answered', '\\Deleted', '$forwarded', 'label-1', 'nobody-has-it'].map((flag) => ({
      kind: 'flag',
      flag,
    })),
  ),
  finds('by size, strictly', (mailbox) =>
    [0, 4_294_967_295, ...mailbox.entries.map((entry) => entry.size)].flatMap((octets) => [
      { kind: 'larger', octets } as const,
      { kind: 'smaller', octets } as const,
    ]),
  ),
  finds('by the internal date, as days in UTC', () => byDay('internal')),
  finds('by when it came into the mailbox (RFC 8514)', (mailbox) =>
    byDay('saved', [...days, dayOf(entryAt(mailbox, 0).savedDate)]),
  ),
  finds('by the Date field, as days of its own time zone', () => byDay('sent')),
  finds('by age (RFC 5032)', () => [
    { kind: 'younger', seconds: 86_400 },
    { kind: 'older', seconds: 86_400 },
  ]),
  finds('in fields of the header, decoded, fields that only trace included', () => [
    ...inHeader('from', 'ada', 'ADA@example', 'jörg', 'jo\u0308rg', '=?utf-8?', 'nobody'),
    ...inHeader('SUBJECT', 'budget for', 'GRÜ', 'Grüße aus köln', 'inner', ''),
    ...inHeader('Received', 'mx.example.net', ''),
    ...inHeader('X-Empty', '', 'x'),
    ...inHeader('Date', '', 'no date'),
    ...inHeader('X-Nobody', ''),
    ...inHeader('To', 'charles', 'undisclosed'),
    ...inHeader('Cc', 'mary'),
  ]),
  finds('in bodies, decoded', () =>
    within(
      'body',
      'numbers',
      'SCHÖNE stra',
      'zerbrochenes',
      'größe',
      'words of a stranger',
      'budget',
      'charles@',
    ),
  ),
  finds('in bodies, not in what is no text, nor in its encoding', () =>
    within('body', 'concealed', Buffer.from('concealed').toString('base64'), '=F6', '--cut', 'boundary'),
  ),
  finds('in large bodies, wherever it stands', () =>
    within('body', 'a needle in it', 'and the last words', 'needle straw'),
  ),
  finds('in header and bodies, headers of attached messages included', () =>
    within(
      'text',
      'budget',
      'grüße',
      'inner secrét',
      'mx.example.net',
      'stranger@',
      'zerbrochenes',
      'concealed',
    ),
  ),
  finds('with and, or, not, one in the other', () => [
    { kind: 'and', of: [seen, inMarch] },
    { kind: 'and', of: [seen, { kind: 'not', of: fromAda }] },
    { kind: 'or', of: [fromAda, { kind: 'body', text: 'größe' }, { kind: 'flag', flag: '\\Draft' }] },
    {
      kind: 'not',
      of: { kind: 'or', of: [seen, { kind: 'and', of: [inMarch, { kind: 'not', of: fromAda }] }] },
    },
    { kind: 'and', of: [] },
    { kind: 'or', of: [] },
    { kind: 'and', of: [{ kind: 'text', text: 'e' }, { kind: 'text', text: 'a' }, { kind: 'all' }] },
  ]),
  {
    name: 'search: by mod-sequence (RFC 7162 §3.1.5)',
    needs: ['modSequences', 'flags'],
    async run(fixture) {
      const mailbox = await filled(fixture)
      for (const index of [3, 1])
        await mailbox.changeFlags([entryAt(mailbox, index).uid], { add: ['\\Draft'] })
      const from = [0, mailbox.highestModSequence + 1, ...mailbox.entries.map((entry) => entry.modSequence)]
      await expectFound(
        mailbox,
        from.map((modSequence) => ({ kind: 'modSequence', from: modSequence })),
      )
    },
  },
  {
    name: 'search: looks at the view: nothing that came later; what others expunged is no fault',
    async run(fixture) {
      const mailbox = await filled(fixture)
      const opened = await fixture.store.open(fixture.account)
      const uids = uidsOf(mailbox)
      const other = await opened.openMailbox('INBOX')
      await other.expunge([uids[0] ?? 0])
      await deliver(opened, soughtMessages[1]?.octets)
      expect(await mailbox.search({ kind: 'all' })).toEqual(uids)
      expect(await mailbox.search({ kind: 'body', text: 'zerbrochenes' })).toEqual([uids[1]])
      expect(await mailbox.search({ kind: 'header', field: 'Subject', text: 'grüße' })).toEqual([uids[1]])
      await mailbox.refresh()
      expect(await mailbox.search({ kind: 'all' })).toEqual(uidsOf(mailbox))
      expect(await mailbox.search({ kind: 'body', text: 'zerbrochenes' })).toEqual([
        uids[1],
        mailbox.uidNext - 1,
      ])
    },
  },
  {
    name: 'search: sees changes of flags by this view, and others’ after a refresh',
    needs: ['flags'],
    async run(fixture) {
      const mailbox = await filled(fixture)
      const other = await (await fixture.store.open(fixture.account)).openMailbox('INBOX')
      const [first = 0, , third = 0] = uidsOf(mailbox)
      await mailbox.changeFlags([first], { remove: ['\\Seen'] })
      await other.changeFlags([third], { add: ['\\Seen'] })
      await expectFound(mailbox, [seen])
      await mailbox.refresh()
      expect(await mailbox.search(seen)).toContain(third)
      await expectFound(mailbox, [seen])
    },
  },
  {
    name: 'search: goes on finding the same after copies, moves and a second opening',
    needs: ['mailboxes'],
    async run(fixture) {
      const inbox = await filled(fixture)
      const opened = await fixture.store.open(fixture.account)
      await opened.createMailbox('Archive')
      const criteria = [...within('text', 'grüße', 'größe', 'stranger', 'needle'), fromAda, ...byDay('sent')]
      await expectFound(inbox, criteria)
      await inbox.copy(uidsOf(inbox), 'Archive')
      await expectFound(await opened.openMailbox('Archive'), criteria)
      const archive = await opened.openMailbox('Archive')
      await archive.expunge(uidsOf(archive))
      await inbox.move(uidsOf(inbox), 'Archive')
      await archive.refresh()
      await expectFound(archive, criteria)
    },
  },
]
