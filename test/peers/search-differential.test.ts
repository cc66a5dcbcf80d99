// Our searches beside Dovecot's, over generated mail in a Maildir that doveadm reads. Every systematic difference has its
// row in a table below, with the reason; a difference that no row explains fails.
import { chown, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bufferContent, type Content } from '../../core/model/content.ts'
import { parseHeader } from '../../core/model/header/header.ts'
import type { Day, SearchCriterion } from '../../core/model/search.ts'
import { foldText, type SearchSource, searchEntries } from '../../core/search/index.ts'
import { readTexts, type TextPlace } from '../../core/search/message-texts.ts'
import { summarise } from '../../core/summary/index.ts'
import { Pacer } from '../../core/summary/pacer.ts'
import { Random } from '../generator/random.ts'
import { realisticCorpus } from '../generator/realistic.ts'
import { worldlyMessage } from '../generator/worldly.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const random = new Random(20_261_128)
const corpus: readonly Buffer[] = [
  ...realisticCorpus(31, 20),
  ...Array.from({ length: 120 }, () => worldlyMessage(random)),
]
const arrived = (index: number): Date => new Date(Date.UTC(2026, 0, 1) + index * 3_600_000)

const source: SearchSource = {
  entries: corpus.map((octets, index) => ({
    uid: index + 1,
    id: `m${index}`,
    size: octets.length,
    flags: [],
    internalDate: arrived(index),
    savedDate: arrived(index),
    modSequence: 1,
  })),
  async *summaries(uids) {
    for (const uid of uids) yield await summarise(uid, contentOf(uid))
  },
  content: async (uid) => contentOf(uid),
}

function contentOf(uid: number): Content {
  return bufferContent(corpus[uid - 1] ?? Buffer.alloc(0))
}

const doveadm = requirePeer('doveadm')
// Dovecot lets root read no mail.
const isRoot = process.getuid?.() === 0
const [user, group] = isRoot ? [65_534, 65_534] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
let folder = ''

/** A Maildir with the corpus, and a config to read it by. */
async function writeMaildir(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-search-'))
  for (const name of ['', 'mail', 'mail/cur', 'mail/new', 'mail/tmp']) {
    await mkdir(join(folder, name), { recursive: true })
    await chown(join(folder, name), user, group)
  }
  for (const [index, octets] of corpus.entries()) {
    const file = join(folder, 'mail', 'cur', `${1_700_000_000 + index}.M${index}.mail.example.org:2,`)
    await writeFile(file, octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    await chown(file, user, group)
    await utimes(file, arrived(index), arrived(index))
  }
  await writeFile(
    join(folder, 'dovecot.conf'),
    [
      `base_dir = ${folder}/run`,
      `state_dir = ${folder}/state`,
      'protocols =',
      'ssl = no',
      `mail_location = maildir:${folder}/mail`,
      `mail_uid = ${user}`,
      `mail_gid = ${group}`,
      'first_valid_uid = 1',
      'first_valid_gid = 1',
    ].join('\n'),
  )
}

async function theirSearch(words: readonly string[]): Promise<readonly number[]> {
  const command = ['-c', join(folder, 'dovecot.conf'), 'search', '--', 'mailbox', 'INBOX', ...words]
  const env = { TZ: 'UTC', USER: 'tester', HOME: folder }
  const { code, stdout, stderr } = await runProcess('doveadm', command, { folder, env })
  if (code !== 0) throw new Error(stderr)
  // Each line has the mailbox's id and the UID.
  const found = stdout.split('\n').flatMap((line) => /^\S+ (\d+)$/.exec(line)?.[1] ?? [])
  return found.map(Number).sort((a, b) => a - b)
}

/** One search in both languages. */
interface Query {
  readonly words: readonly string[]
  readonly criterion: SearchCriterion
}

const texts = [
  'größe',
  'GRÖSSE',
  'strasse',
  'Straße',
  'senor',
  'ÅNGSTRÖM',
  'e\u0301te\u0301',
  'привет МИР',
  'счёт',
  'СЧЁТ',
  'ёлка',
  '中文',
  '日本語 한국어',
  '한국',
  '\u{1f600}',
  'İstanbul',
  'οδοσ',
  'fine',
  'meeting in the attachment',
  'plan.pdf',
  'quarterly meeting',
  'koi8-r',
  'user1',
  'office@example.com>, user1',
  'level-0',
  'Content-Transfer-Encoding: base64',
  'charset=us-ascii',
  'message/rfc822',
  'multi-part message',
  'margin:0',
  '</p>',
  'DKIM-Signature: v=1',
  'übersicht der',
  'Fwd: plan',
  'first line and third',
  'nowhere to be found',
  'x',
]

const fields = [
  ['Subject', 'größe'],
  ['Subject', 'STRASSE'],
  ['Subject', 'привет'],
  ['Subject', '中文'],
  ['Subject', 'RE: REPORT'],
  ['Subject', ''],
  ['From', 'été'],
  ['From', 'user1@'],
  ['From', '=?'],
  ['From', 'büro'],
  ['To', 'мир'],
  ['To', 'office@example.com>, user'],
  ['To', 'office, main'],
  ['X-Note', 'first line and third'],
  ['Date', ''],
  ['Date', 'feb 2026'],
  ['Cc', ''],
  ['Received', 'with ESMTPS id'],
  ['DKIM-Signature', 'rsa-sha256'],
  ['Content-Type', 'mixed; boundary='],
  ['References', '@example.org>'],
  ['X-Absent', ''],
] as const

const days: readonly Day[] = ['2026-01-01', '2026-01-04', '2026-01-15', '2026-11-23', '2026-12-28']
const comparisons = ['before', 'on', 'since'] as const
const sizes = [0, 1_000, 5_000, 40_000]

const queries: readonly Query[] = [
  ...texts.flatMap((text): readonly Query[] => [
    { words: ['TEXT', text], criterion: { kind: 'text', text } },
    { words: ['BODY', text], criterion: { kind: 'body', text } },
  ]),
  ...fields.map(
    ([field, text]): Query => ({
      words: ['HEADER', field, text],
      criterion: { kind: 'header', field, text },
    }),
  ),
  ...days.flatMap((day) =>
    comparisons.flatMap((is): readonly Query[] => [
      { words: [is.toUpperCase(), dayText(day)], criterion: { kind: 'internal', is, day } },
      { words: [`SENT${is.toUpperCase()}`, dayText(day)], criterion: { kind: 'sent', is, day } },
    ]),
  ),
  ...sizes.flatMap((octets): readonly Query[] => [
    { words: ['LARGER', String(octets)], criterion: { kind: 'larger', octets } },
    { words: ['SMALLER', String(octets)], criterion: { kind: 'smaller', octets } },
  ]),
  {
    words: ['NOT', 'BODY', 'meeting', '(', 'FROM', 'user1', 'OR', 'SUBJECT', 'news', ')'],
    criterion: {
      kind: 'and',
      of: [
        { kind: 'not', of: { kind: 'body', text: 'meeting' } },
        {
          kind: 'or',
          of: [
            { kind: 'header', field: 'From', text: 'user1' },
            { kind: 'header', field: 'Subject', text: 'news' },
          ],
        },
      ],
    },
  },
]

/** A day as IMAP writes it: `28-Feb-2026`. */
function dayText(day: Day): string {
  return new Date(day).toUTCString().slice(5, 16).replaceAll(' ', '-')
}

interface Difference {
  readonly query: Query
  readonly finder: 'we' | 'they'
  readonly header: ReturnType<typeof parseHeader>
  /** The texts of the message, folded, by their place. */
  readonly texts: ReadonlyMap<TextPlace, string>
}

interface KnownDifference {
  readonly reason: string
  readonly explains: (difference: Difference) => boolean
}

const knownDifferences: readonly KnownDifference[] = [
  {
    reason:
      'the header of an attached message is body for us (RFC 9051 §6.4.4), and no header is for Dovecot',
    explains: ({ query: { criterion }, finder, texts }) =>
      finder === 'we' &&
      criterion.kind !== 'text' &&
      textsIn(criterion, 'body').some(
        (text) => texts.get('attached-header')?.includes(text) && !texts.get('body')?.includes(text),
      ),
  },
  {
    reason: 'without a Date there is no day to compare for us; for Dovecot it is the first of all',
    explains: ({ query, finder, header }) =>
      finder === 'they' && query.words[0] === 'SENTBEFORE' && header.first('date') === undefined,
  },
  {
    reason: 'TEXT looks at encoded words as they are written too, Dovecot at what they say',
    explains: ({ query: { criterion }, finder, texts }) =>
      finder === 'we' &&
      textsIn(criterion, 'text').some((text) =>
        [...texts.values()].some((each) => each.includes(`=?${text}`)),
      ),
  },
  {
    reason:
      'we take ß for ss and a ligature for its letters, as full case folding has it; Dovecot takes letter for letter',
    explains: ({ query: { criterion }, finder }) =>
      finder === 'we' &&
      (['text', 'body', 'header'] as const).some((kind) =>
        textsIn(criterion, kind).some((text) => /SS|FI/.test(text)),
      ),
  },
]

/** The folded texts that a criterion looks for, by kind. */
function textsIn(criterion: SearchCriterion, kind: 'text' | 'body' | 'header'): readonly string[] {
  if (criterion.kind === 'and' || criterion.kind === 'or')
    return criterion.of.flatMap((each) => textsIn(each, kind))
  if (criterion.kind === 'not') return textsIn(criterion.of, kind)
  return criterion.kind === kind ? [foldText((criterion as { readonly text: string }).text)] : []
}

async function differenceOf(query: Query, uid: number, finder: 'we' | 'they'): Promise<Difference> {
  const found = new Map<TextPlace, string>()
  const take = (folded: string, place: TextPlace): void => {
    found.set(place, (found.get(place) ?? '') + folded)
  }
  await readTexts(contentOf(uid), { isDone: false, take }, new Pacer())
  return { query, finder, header: parseHeader(corpus[uid - 1] ?? Buffer.alloc(0)), texts: found }
}

describe.runIf(doveadm.available)(doveadm.title, () => {
  beforeAll(writeMaildir)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('finds the same messages, but for what is listed', async () => {
    const unexplained: string[] = []
    const used = new Set<string>()
    let same = 0
    for (const query of queries) {
      const theirs = await theirSearch(query.words)
      const ours = await searchEntries(source, query.criterion, Date.now())
      const differences = [
        ...ours.filter((uid) => !theirs.includes(uid)).map((uid) => ({ uid, finder: 'we' as const })),
        ...theirs.filter((uid) => !ours.includes(uid)).map((uid) => ({ uid, finder: 'they' as const })),
      ]
      if (differences.length === 0) same += 1
      for (const { uid, finder } of differences) {
        const difference = await differenceOf(query, uid, finder)
        const row = knownDifferences.find((each) => each.explains(difference))
        if (row === undefined) unexplained.push(`${query.words.join(' ')}: ${finder} find message ${uid}`)
        else used.add(row.reason)
      }
    }
    expect(unexplained).toEqual([])
    expect([...used].sort()).toEqual(knownDifferences.map((row) => row.reason).sort())
    expect(same).toBeGreaterThan(80)
  })
})
