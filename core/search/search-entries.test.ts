import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MailwrightError } from '../errors.ts'
import { bufferContent, type Content } from '../model/content.ts'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { Pacer } from '../summary/pacer.ts'
import { summarise } from '../summary/summariser.ts'
import { foldText } from './fold-text.ts'
import { type SearchSource, searchEntries } from './search-entries.ts'

const now = Date.UTC(2026, 10, 28, 12)

interface TestMessage {
  readonly text: string
  readonly entry?: Partial<MessageEntry>
}

/** A source that notes what is asked of it; UIDs count from 1. */
class TestSource implements SearchSource {
  readonly entries: readonly MessageEntry[]
  readonly contents: ReadonlyMap<number, Content>
  readonly summarised: number[] = []
  readonly read: number[] = []
  readonly gone = new Set<number>()

  constructor(messages: readonly TestMessage[]) {
    this.contents = new Map(
      messages.map(({ text }, index) => [index + 1, bufferContent(Buffer.from(text, 'latin1'))]),
    )
    this.entries = messages.map(({ text, entry }, index) => ({
      uid: index + 1,
      id: `m${index}`,
      size: text.length,
      flags: [],
      internalDate: new Date(now),
      savedDate: new Date(now),
      modSequence: index + 1,
      ...entry,
    }))
  }

  async *summaries(uids: readonly number[]) {
    for (const uid of uids) {
      this.summarised.push(uid)
      const content = this.contents.get(uid)
      if (content !== undefined && !this.gone.has(uid)) yield await summarise(uid, content)
    }
  }

  async content(uid: number): Promise<Content> {
    this.read.push(uid)
    const content = this.contents.get(uid)
    if (content === undefined || this.gone.has(uid)) throw new MailwrightError('MAIL_E_NOT_FOUND', 'gone')
    return content
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    return searchEntries(this, criterion, now)
  }
}

function mail(fields: readonly string[], body = ''): TestMessage {
  return { text: `${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}` }
}

function entries(...entry: readonly Partial<MessageEntry>[]): TestSource {
  return new TestSource(entry.map((each) => ({ text: '', entry: each })))
}

const header = (field: string, text: string): SearchCriterion => ({ kind: 'header', field, text })
const text = (wanted: string): SearchCriterion => ({ kind: 'text', text: wanted })
const body = (wanted: string): SearchCriterion => ({ kind: 'body', text: wanted })
const not = (of: SearchCriterion): SearchCriterion => ({ kind: 'not', of })
const and = (...of: readonly SearchCriterion[]): SearchCriterion => ({ kind: 'and', of })
const or = (...of: readonly SearchCriterion[]): SearchCriterion => ({ kind: 'or', of })
const all: SearchCriterion = { kind: 'all' }
const flag = (name: string): SearchCriterion => ({ kind: 'flag', flag: name })

describe('what entries tell', () => {
  it('flags and keywords in any case', async () => {
    const source = entries({ flags: ['\\Seen'] }, { flags: ['$Junk', '\\Flagged', '\\Seen'] }, {})
    expect(await source.search(flag('\\SEEN'))).toEqual([1, 2])
    expect(await source.search(flag('$junk'))).toEqual([2])
    expect(await source.search(not(flag('\\Seen')))).toEqual([3])
    expect(await source.search(flag('\\See'))).toEqual([])
  })

  it('sizes, strictly', async () => {
    const source = entries({ size: 9 }, { size: 10 }, { size: 11 })
    expect(await source.search({ kind: 'larger', octets: 10 })).toEqual([3])
    expect(await source.search({ kind: 'smaller', octets: 10 })).toEqual([1])
  })

  it.each(['internal', 'saved'] as const)('the %s date by its day in UTC', async (kind) => {
    const at = (moment: string) => ({
      [kind === 'internal' ? 'internalDate' : 'savedDate']: new Date(moment),
    })
    const source = entries(
      at('2026-02-27T23:59:59.999Z'),
      at('2026-02-28T00:00:00Z'),
      at('2026-02-28T23:59:59Z'),
      at('2026-03-01T00:00:00Z'),
    )
    expect(await source.search({ kind, is: 'before', day: '2026-02-28' })).toEqual([1])
    expect(await source.search({ kind, is: 'on', day: '2026-02-28' })).toEqual([2, 3])
    expect(await source.search({ kind, is: 'since', day: '2026-02-28' })).toEqual([2, 3, 4])
  })

  it('age', async () => {
    const ago = (seconds: number) => ({ internalDate: new Date(now - seconds * 1000) })
    const source = entries(ago(59), ago(60), ago(61), ago(-10))
    expect(await source.search({ kind: 'younger', seconds: 60 })).toEqual([1, 2, 4])
    expect(await source.search({ kind: 'older', seconds: 60 })).toEqual([2, 3])
  })

  it('UIDs in ranges of any order, and mod-sequences', async () => {
    const source = entries(...Array.from({ length: 20 }, () => ({})))
    const ranges = [
      { first: 18, last: Number.POSITIVE_INFINITY },
      { first: 5, last: 3 },
      { first: 4, last: 6 },
      { first: 9, last: 9 },
      { first: 1, last: 1 },
      { first: 10, last: 10 },
    ]
    expect(await source.search({ kind: 'uids', ranges })).toEqual([1, 3, 4, 5, 6, 9, 10, 18, 19, 20])
    expect(await source.search({ kind: 'uids', ranges: [] })).toEqual([])
    expect(await source.search({ kind: 'modSequence', from: 19 })).toEqual([19, 20])
  })

  it('without reading anything', async () => {
    const source = entries({ flags: ['\\Seen'] }, {})
    expect(
      await source.search(or(flag('\\Seen'), and(not(flag('\\Seen')), all), and(not(all), text('x')))),
    ).toEqual([1, 2])
    expect(await source.search(and())).toEqual([1, 2])
    expect(await source.search(or())).toEqual([])
    expect([source.summarised, source.read]).toEqual([[], []])
  })
})

describe('what summaries tell', () => {
  const source = new TestSource([
    mail([
      'From: =?utf-8?q?B=C3=BCro?= <office@example.org>',
      'Subject: Stra\xc3\x9fe',
      'Date: 28 Feb 2026 00:30 +0200',
    ]),
    mail([
      'From: other@example.org',
      'X-Empty:',
      'Date: 27 Feb 2026 23:30 -0200',
      'Date: 28 Feb 2026 10:00 +0000',
    ]),
    mail(['Subject: none']),
  ])

  it('texts of fields, decoded and without regard to case', async () => {
    expect(await source.search(header('from', 'BÜRO'))).toEqual([1])
    expect(await source.search(header('FROM', 'bu\u0308ro <OFFICE'))).toEqual([1])
    expect(await source.search(header('From', '=?utf-8'))).toEqual([])
    expect(await source.search(header('Subject', 'strasse'))).toEqual([1])
    expect(await source.search(header('To', 'example'))).toEqual([])
  })

  it('whether there is a field', async () => {
    expect(await source.search(header('From', ''))).toEqual([1, 2])
    expect(await source.search(header('x-empty', ''))).toEqual([2])
    expect(await source.search(not(header('From', '')))).toEqual([3])
  })

  it('the day that Date names, where it names one', async () => {
    expect(await source.search({ kind: 'sent', is: 'on', day: '2026-02-28' })).toEqual([1])
    expect(await source.search({ kind: 'sent', is: 'before', day: '2026-02-28' })).toEqual([2])
    expect(await source.search({ kind: 'sent', is: 'since', day: '2026-02-27' })).toEqual([1, 2])
    expect(await source.search(not({ kind: 'sent', is: 'since', day: '1970-01-01' }))).toEqual([3])
  })

  it('without reading a message', () => {
    expect(source.read).toEqual([])
  })

  it('but of fields that a summary lacks the message does', async () => {
    const long = 'x'.repeat(9_000)
    const mailbox = new TestSource([
      mail(['X-Spam-Flag: YES']),
      mail([`References: ${long} <last@example.org>`, 'Subject: a']),
      mail(['References: <last@example.org>']),
      mail([]),
    ])
    expect(await mailbox.search(header('x-spam-flag', 'yes'))).toEqual([1])
    expect(mailbox.read).toEqual([1, 2, 3, 4])
    mailbox.read.length = 0
    expect(await mailbox.search(header('References', 'last@'))).toEqual([2, 3])
    expect(await mailbox.search(not(header('References', '')))).toEqual([1, 4])
    expect(mailbox.read).toEqual([2, 2])
  })
})

describe('what contents tell', () => {
  const attachment = [
    '--b',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Gr=FC=DFe',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: inner',
    '',
    'within',
    '--b',
    'Content-Type: application/pdf; name=plan.pdf',
    '',
    'binary',
    '--b--',
  ].join('\r\n')
  const messages = [
    mail(['Subject: one', 'Received: from relay', 'Content-Type: multipart/mixed; boundary=b'], attachment),
    mail(['Subject: two'], 'one body'),
    mail(['Subject: =?utf-8?q?th=C3=ADrd?=']),
  ]
  const source = new TestSource(messages)

  it.each([
    [text('ONE'), [1, 2]],
    [body('one'), [2]],
    [text('grüsse'), [1]],
    [body('GRÜSSE'), [1]],
    [body('inner'), [1]],
    [text('from relay'), [1]],
    [body('from relay'), []],
    [text('plan.pdf'), [1]],
    [body('plan.pdf'), []],
    [text('binary'), []],
    [text('subject: thírd'), [3]],
    [text('=?utf-8?Q?TH=C3'), [3]],
    [text('two\r\n\r\none'), []],
    [body(''), [1, 2, 3]],
    [text(''), [1, 2, 3]],
    [not(text('')), []],
  ])('%j is in %j', async (criterion, uids) => {
    expect(await source.search(criterion)).toEqual(uids)
  })

  it('of no more messages than it takes', async () => {
    const mailbox = new TestSource([
      { ...mail(['From: a'], 'x'), entry: { flags: ['\\Seen'] } },
      mail(['From: b'], 'x'),
      mail(['From: a'], 'y'),
    ])
    expect(await mailbox.search(and(body('x'), header('From', 'a'), not(flag('\\Seen'))))).toEqual([])
    expect([mailbox.summarised, mailbox.read]).toEqual([[2, 3], [3]])
    expect(await mailbox.search(or(body('y'), header('From', 'b'), flag('\\Seen')))).toEqual([1, 2, 3])
    expect([mailbox.summarised, mailbox.read]).toEqual([
      [2, 3, 2, 3],
      [3, 3],
    ])
  })

  it('with candidates only of those, and of each text once', async () => {
    const mailbox = new TestSource(messages)
    const asked: unknown[] = []
    const withCandidates: SearchSource = {
      entries: mailbox.entries,
      summaries: (uids) => mailbox.summaries(uids),
      content: (uid) => mailbox.content(uid),
      textCandidates: async (uids, folded) => {
        asked.push([uids, folded])
        return folded === 'ONE' ? [1, 2, 99] : []
      },
    }
    const search = (criterion: SearchCriterion) => searchEntries(withCandidates, criterion, now)
    expect(
      await search(and(or(text('one'), body('one')), not({ kind: 'uids', ranges: [{ first: 1, last: 1 }] }))),
    ).toEqual([2])
    expect(asked).toEqual([[[2, 3], 'ONE']])
    expect(await search(not(body('nowhere')))).toEqual([1, 2, 3])
    expect(await search(or(header('Subject', 'two'), text('nowhere')))).toEqual([2])
    expect(await search(and(header('Subject', 'two'), text('nowhere')))).toEqual([])
    expect(mailbox.read).toEqual([2])
    expect(await search(or(header('Subject', 'two'), body('one')))).toEqual([2])
    expect(mailbox.read).toEqual([2, 1])
  })
})

describe('searchEntries', () => {
  it('leaves out messages that are removed meanwhile', async () => {
    const source = new TestSource([mail(['From: a'], 'x'), mail(['From: a'], 'x'), mail(['From: a'], 'x')])
    source.gone.add(2)
    expect(await source.search(header('From', 'a'))).toEqual([1, 3])
    expect(await source.search(not(header('From', 'b')))).toEqual([1, 3])
    expect(await source.search(body('x'))).toEqual([1, 3])
    expect(await source.search(not(body('y')))).toEqual([1, 3])
    expect(await source.search(or(all, body('x')))).toEqual([1, 2, 3])
  })

  it('fails as the source does', async () => {
    const source = new TestSource([mail([], 'x'), mail([], 'x')])
    const trouble = new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk')
    const fail = async () => Promise.reject(trouble)
    const parts = {
      entries: source.entries,
      summaries: (uids: readonly number[]) => source.summaries(uids),
      content: (uid: number) => source.content(uid),
    }
    await expect(searchEntries({ ...parts, content: fail }, body('x'), now)).rejects.toBe(trouble)
    await expect(searchEntries({ ...parts, textCandidates: fail }, body('x'), now)).rejects.toBe(trouble)
    const summaries = () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) })
    await expect(searchEntries({ ...parts, summaries }, header('From', 'x'), now)).rejects.toBe(trouble)
    const broken: Content = { size: 10, read: fail, stream: () => bufferContent(Buffer.alloc(0)).stream() }
    await expect(searchEntries({ ...parts, content: async () => broken }, body('x'), now)).rejects.toBe(
      trouble,
    )
  })

  it('finds text across the chunks and blocks of a large message, whatever its encoding', async () => {
    const wanted = 'Größe und Straße'
    const encodings: Record<string, (octets: Buffer) => string> = {
      '8bit': (octets) => octets.toString('latin1'),
      base64: (octets) => octets.toString('base64').replace(/.{76}/g, '$&\r\n'),
      'quoted-printable': (octets) =>
        octets.toString('latin1').replace(/[=\x80-\xff]/g, (octet) => `=${octet.charCodeAt(0).toString(16)}`),
    }
    for (const [encoding, encode] of Object.entries(encodings)) {
      for (const place of [65_520, 65_530, 131_060, 262_130, 400_000]) {
        const octets = Buffer.from(`${'x'.repeat(place)}${wanted}${'y'.repeat(450_000 - place)}`)
        const fields = ['Content-Type: text/plain; charset=utf-8', `Content-Transfer-Encoding: ${encoding}`]
        const source = new TestSource([
          mail(fields, encode(octets)),
          mail(fields, encode(octets.subarray(0, place + 8))),
        ])
        expect([encoding, place, await source.search(body('grösse UND strasse'))]).toEqual([
          encoding,
          place,
          [1],
        ])
      }
    }
  })

  it('answers as the criterion says, for random criteria', async () => {
    let state = 1
    const below = (end: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * end)
    }
    const words = ['one', 'two', 'three'] as const
    const word = () => words[below(3)] ?? 'one'
    const facts = Array.from({ length: 60 }, () => ({
      subject: word(),
      body: word(),
      seen: below(2) === 0,
      trace: word(),
    }))
    const source = new TestSource(
      facts.map((each) => ({
        ...mail([`Subject: ${each.subject}`, `Received: ${each.trace}`], each.body),
        entry: { flags: each.seen ? ['\\Seen'] : [] },
      })),
    )
    type Facts = (typeof facts)[number]
    const leaves: readonly (() => readonly [SearchCriterion, (facts: Facts) => boolean])[] = [
      () => [flag('\\Seen'), (each) => each.seen],
      () => {
        const wanted = word()
        return [header('Subject', wanted), (each) => each.subject === wanted]
      },
      () => {
        const wanted = word()
        return [header('Received', wanted), (each) => each.trace === wanted]
      },
      () => {
        const wanted = word()
        return [body(wanted), (each) => each.body === wanted]
      },
      () => {
        const wanted = word()
        return [text(wanted), (each) => [each.subject, each.trace, each.body].includes(wanted)]
      },
    ]
    const tree = (depth: number): readonly [SearchCriterion, (facts: Facts) => boolean] => {
      const kind = depth === 0 ? 3 : below(4)
      if (kind === 3) return (leaves[below(leaves.length)] ?? leaves[0])?.() ?? [all, () => true]
      if (kind === 2) {
        const [of, holds] = tree(depth - 1)
        return [not(of), (each) => !holds(each)]
      }
      const parts = Array.from({ length: below(4) }, () => tree(depth - 1))
      const of = parts.map(([criterion]) => criterion)
      return kind === 1
        ? [and(...of), (each) => parts.every(([, holds]) => holds(each))]
        : [or(...of), (each) => parts.some(([, holds]) => holds(each))]
    }
    const candidates = async (uids: readonly number[], folded: string) =>
      uids.filter((uid) => uid % 7 === 0 || foldText(JSON.stringify(facts[uid - 1])).includes(folded))
    for (let round = 0; round < 150; round += 1) {
      const [criterion, holds] = tree(4)
      const expected = source.entries.map(({ uid }) => uid).filter((uid) => holds(facts[uid - 1] as Facts))
      expect(await source.search(criterion)).toEqual(expected)
      const parts = {
        entries: source.entries,
        summaries: (uids: readonly number[]) => source.summaries(uids),
        content: (uid: number) => source.content(uid),
      }
      expect(await searchEntries({ ...parts, textCandidates: candidates }, criterion, now)).toEqual(expected)
    }
  })

  it('gives others their turn', async () => {
    const source = entries(...Array.from({ length: 5_000 }, () => ({ flags: ['\\Answered', '\\Flagged'] })))
    let turns = 0
    const turn = setInterval(() => {
      turns += 1
    }, 0)
    const many = Array.from({ length: 500 }, (_, index) => not(flag(`keyword${index}`)))
    expect(await source.search(and(...many))).toHaveLength(5_000)
    clearInterval(turn)
    expect(turns).toBeGreaterThan(0)
  })
})

/** How often the clock was looked at. */
function looks(): { readonly count: () => number } {
  const isDue = vi.spyOn(Pacer.prototype, 'isDue', 'get')
  onTestFinished(() => isDue.mockRestore())
  return { count: () => isDue.mock.calls.length }
}

describe('the clock is looked at', () => {
  it('by the flags that messages have', async () => {
    const flags = Array.from({ length: 500 }, (_, index) => `k${index}`)
    const source = entries(...Array.from({ length: 1_000 }, () => ({ flags })))
    const { count } = looks()
    expect(await source.search(flag('none'))).toEqual([])
    expect(count()).toBeGreaterThanOrEqual(45)
  })

  it('after each text that is looked for', async () => {
    const source = new TestSource([mail(['Subject: x'], 'body')])
    const { count } = looks()
    expect(await source.search(or(...Array.from({ length: 200 }, (_, at) => body(`y${at}`))))).toEqual([])
    expect(count()).toBeGreaterThanOrEqual(200)
  })
})

describe('what is no criterion', () => {
  function nested(depth: number): SearchCriterion {
    let criterion: SearchCriterion = all
    for (let level = 1; level < depth; level += 1)
      criterion = level % 2 === 0 ? not(criterion) : and(criterion)
    return criterion
  }

  it.each<[string, SearchCriterion]>([
    ['deeper than 100 levels', nested(101)],
    ['very deep', nested(100_000)],
    ['of more than 10,000 nodes', or(...Array.from({ length: 10_000 }, () => all))],
    ['of an unknown kind', { kind: 'fuzzy' } as unknown as SearchCriterion],
    ['a part of an unknown kind', or(all, { kind: 'fuzzy' } as unknown as SearchCriterion)],
    ['a day that is none', { kind: 'sent', is: 'on', day: '2026-02-30' }],
    ['a day compared otherwise', { kind: 'sent', is: 'near' as 'on', day: '2026-02-28' }],
    ['an internal date that is none', { kind: 'internal', is: 'on', day: '2026-1-1' }],
    ['a size that is none', { kind: 'larger', octets: Number.NaN }],
    ['a UID that is none', { kind: 'uids', ranges: [{ first: 1, last: Number.NaN }] }],
    ['an age that is none', { kind: 'younger', seconds: '5' as unknown as number }],
    ['a text of more than 10,000 characters', text('x'.repeat(10_001))],
    ['more than 200 texts', or(...Array.from({ length: 201 }, (_, index) => text(`x${index}`)))],
  ])('is refused: %s', async (_, criterion) => {
    const source = entries({})
    await expect(source.search(criterion)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
    expect([source.summarised, source.read]).toEqual([[], []])
  })

  it('is not at the limits', async () => {
    const source = entries({})
    expect(await source.search(not(nested(99)))).toEqual([1])
    expect(await source.search(or(...Array.from({ length: 9_999 }, () => all)))).toEqual([1])
    expect(await source.search(text('x'.repeat(10_000)))).toEqual([])
    expect(
      await source.search(or(...Array.from({ length: 300 }, (_, index) => text(`x${index % 200}`)))),
    ).toEqual([])
  })
})
