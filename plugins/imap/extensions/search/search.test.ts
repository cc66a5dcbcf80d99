import { bufferContent, type SearchCriterion } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const now = new Date('2026-03-10T12:00:00Z')

interface Mail {
  readonly flags?: readonly string[]
  readonly at: string
  readonly text: string
}

const mails: readonly Mail[] = [
  {
    at: '2026-03-01T23:30:00Z',
    flags: ['\\Seen', '\\Answered'],
    text: 'From: Zoë <zoe@one.example>\nTo: tim@example.org\nSubject: First report\nDate: Sun, 1 Mar 2026 23:30:00 -0800\nMessage-ID: <1@one.example>\n\nThe quick brown fox.\n',
  },
  {
    at: '2026-03-05T00:00:00Z',
    flags: ['\\Flagged', '$Junk'],
    text: 'From: b@two.example\nTo: tim@example.org\nCc: c@two.example\nBcc: d@two.example\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\nDate: Wed, 4 Mar 2026 10:00:00 +0000\n\njumps over\n',
  },
  {
    at: '2026-03-09T12:00:00Z',
    flags: ['\\Deleted', '\\Draft'],
    text: `From: b@two.example\nBcc: John (the boss) Doe <jd @ c.example>\nSubject: big\n\n${'the lazy dog '.repeat(100)}\n`,
  },
]

let system: ImapTest
let client: ImapTestClient

beforeAll(async () => {
  system = await startImapTest({ clock: fakeClock(now.getTime()) })
  await system.mail.append(
    'INBOX',
    mails.map(({ text, flags, at }) => ({
      content: bufferContent(Buffer.from(text.replaceAll('\n', '\r\n'))),
      internalDate: new Date(at),
      ...(flags && { flags }),
    })),
  )
  client = await system.connect()
  await client.ok('SELECT INBOX')
})
afterAll(() => system[Symbol.asyncDispose]())

async function found(keys: string): Promise<string> {
  return (await client.ok(`SEARCH ${keys}`)).join('|')
}

describe('keys', () => {
  it.each([
    ['ALL', '1 2 3'],
    ['ANSWERED', '1'],
    ['UNANSWERED', '2 3'],
    ['DELETED', '3'],
    ['UNDELETED', '1 2'],
    ['DRAFT', '3'],
    ['UNDRAFT', '1 2'],
    ['FLAGGED', '2'],
    ['UNFLAGGED', '1 3'],
    ['SEEN', '1'],
    ['UNSEEN', '2 3'],
    ['KEYWORD $junk', '2'],
    ['UNKEYWORD $Junk', '1 3'],
    ['RECENT', '1 2 3'],
    ['NEW', '2 3'],
    ['OLD', ''],
    ['BCC d@two', '2'],
    ['CC "c@TWO.example"', '2'],
    ['TO tim', '1 2'],
    ['FROM b@', '2 3'],
    ['FROM "Zoë"', '1'],
    ['BCC "John Doe"', '3'],
    ['HEADER Bcc "john (the"', '3'],
    ['BCC jd@c.example', '3'],
    ['SUBJECT report', '1'],
    ['SUBJECT "gröSSE"', '2'],
    ['SUBJECT ""', '1 2 3'],
    ['CC ""', '2'],
    ['HEADER Message-ID "<1@"', '1'],
    ['HEADER cc ""', '2'],
    ['BODY quick', '1'],
    ['TEXT quick', '1'],
    ['TEXT "two.example"', '2 3'],
    ['BEFORE 5-Mar-2026', '1'],
    ['ON 05-mar-2026', '2'],
    ['SINCE "5-Mar-2026"', '2 3'],
    ['SENTBEFORE 4-Mar-2026', '1'],
    ['SENTON 1-Mar-2026', '1'],
    ['SENTSINCE 2-Mar-2026', '2'],
    ['LARGER 1000', '3'],
    ['SMALLER 1000', '1 2'],
    ['SAVEDON 10-Mar-2026', '1 2 3'],
    ['SAVEDBEFORE 10-Mar-2026', ''],
    ['SAVEDSINCE 10-Mar-2026', '1 2 3'],
    ['SAVEDATESUPPORTED', '1 2 3'],
    ['OLDER 432000', '1 2'],
    ['YOUNGER 86400', '3'],
    ['YOUNGER 86399', ''],
    ['UID 2:*', '2 3'],
    ['UID 99:*', '3'],
    ['UID 99', ''],
    ['UID *', '3'],
    ['2', '2'],
    ['3:2,1', '1 2 3'],
    ['2:100', '2 3'],
    ['100:200', ''],
    ['100:*', '3'],
    ['*', '3'],
    ['NOT SEEN', '2 3'],
    ['NOT (SEEN)', '2 3'],
    ['NOT NOT SEEN', '1'],
    ['OR SEEN FLAGGED', '1 2'],
    ['OR SEEN OR FLAGGED DELETED', '1 2 3'],
    ['OR (SEEN ANSWERED) (FLAGGED) UID 1', '1'],
    ['(SEEN FLAGGED)', ''],
    ['UNSEEN FROM b@ NOT SUBJECT big', '2'],
    ['NOT (OR FROM Zo FROM b@)', ''],
    ['1:2 FLAGGED', '2'],
    ['charset us-ascii SUBJECT report', '1'],
    ['CHARSET UTF-8 SUBJECT "größe"', '2'],
    // The octets of UTF-8 read as those of another charset.
    ['CHARSET ISO-8859-1 SUBJECT "größe"', ''],
    ['CHARSET KOI8-R SUBJECT big', '3'],
  ])('%s finds %s', async (keys, numbers) => {
    expect(await found(keys)).toBe(numbers === '' ? 'SEARCH' : `SEARCH ${numbers}`)
  })

  it('texts may be literals', async () => {
    expect(await client.ok('SEARCH CHARSET UTF-8 SUBJECT {7}', 'größe')).toEqual(['SEARCH 2'])
  })

  it('answers the highest mod-sequence of those found', async () => {
    const { entries } = await system.mail.openMailbox('INBOX')
    const highest = Math.max(...entries.map(({ modSequence }) => modSequence))
    await client.ok('ENABLE CONDSTORE')
    expect(await found('MODSEQ 1')).toBe(`SEARCH 1 2 3 (MODSEQ ${highest})`)
    expect(await found('MODSEQ "/flags/\\\\draft" all 1 1')).toBe(
      `SEARCH 1 (MODSEQ ${entries[0]?.modSequence})`,
    )
    expect(await found('MODSEQ "/flags/$Junk" priv 0 NOT ALL')).toBe('SEARCH')
    expect(await found(`NOT MODSEQ ${highest + 1} UID 1`)).toMatch(/^SEARCH 1 \(MODSEQ \d+\)$/)
  })
})

describe('mistakes', () => {
  it.each([
    'SEARCH',
    'SEARCH ',
    'SEARCH BOGUS',
    'SEARCH ALL ',
    'SEARCH ALL  SEEN',
    'SEARCH (ALL',
    'SEARCH ALL)',
    'SEARCH ()',
    'SEARCH NOT',
    'SEARCH OR SEEN',
    'SEARCH OR SEEN OR FLAGGED',
    'SEARCH FROM',
    'SEARCH KEYWORD \\Seen',
    'SEARCH KEYWORD (a)',
    'SEARCH CHARSET UTF-16LE SUBJECT x',
    'SEARCH BEFORE 31-Jun-2026',
    'SEARCH BEFORE 2026-06-30',
    'SEARCH LARGER x',
    'SEARCH LARGER -1',
    'SEARCH YOUNGER 0',
    'SEARCH UID 0',
    'SEARCH UID a',
    'SEARCH 0',
    'SEARCH 1:',
    'SEARCH 1,,2',
    'SEARCH 4294967296',
    'SEARCH MODSEQ',
    'SEARCH MODSEQ "/flags/x" 1',
    'SEARCH MODSEQ "/comment" all 1',
    'SEARCH CHARSET UTF-8',
    'SEARCH CHARSET US-ASCII SUBJECT "ö"',
    'SEARCH RETURN (BOGUS) ALL',
    'SEARCH RETURN (MIN MIN) ALL',
    'SEARCH RETURN (MIN',
    'SEARCH RETURN (MIN)',
    'SEARCH RETURN (MIN)ALL',
    'SEARCH RETURN ALL',
  ])('%s', async (command) => {
    expect((await other(command)).tagged).toMatch(/^BAD /)
  })

  it('an unknown charset is refused with those that are known', async () => {
    const { tagged } = await client.command('SEARCH CHARSET KLINGON TEXT x')
    expect(tagged).toMatch(/^NO \[BADCHARSET \(US-ASCII UTF-8 [^)]+\)\] /)
  })

  it('depth and number have limits', async () => {
    expect((await client.command(`SEARCH ${'NOT '.repeat(49)}ALL`)).tagged).toMatch(/^OK/)
    expect((await client.command(`SEARCH ${'NOT '.repeat(50)}ALL`)).tagged).toMatch(/^NO \[LIMIT\]/)
    const parentheses = `SEARCH ${'('.repeat(50)}ALL${')'.repeat(50)}`
    expect((await client.command(parentheses)).tagged).toMatch(/^NO \[LIMIT\]/)
    expect((await client.command(`SEARCH ${'OR SEEN '.repeat(2_000)}ALL`)).tagged).toMatch(/^OK/)
    expect((await client.command(`SEARCH ${'OR SEEN '.repeat(6_000)}ALL`)).tagged).toMatch(/^NO \[LIMIT\]/)
    const texts = Array.from({ length: 201 }, (_, index) => `TEXT a${index}`).join(' ')
    expect((await client.command(`SEARCH ${texts}`)).tagged).toMatch(/^NO \[LIMIT\]/)
  })

  /** Mistakes are counted, so each is made by a client of its own. */
  async function other(command: string): ReturnType<ImapTestClient['command']> {
    const client = await system.connect()
    await client.ok('EXAMINE INBOX')
    const answer = await client.command(command)
    await client.ok('LOGOUT')
    return answer
  }
})

describe('UTF8=ACCEPT and IMAP4rev2', () => {
  it('no charset is named where the session is in UTF-8', async () => {
    const client = await system.connect()
    await client.ok('ENABLE UTF8=ACCEPT')
    await client.ok('EXAMINE INBOX')
    expect((await client.command('SEARCH CHARSET UTF-8 ALL')).tagged).toMatch(/^BAD/)
    expect(await client.ok('SEARCH SUBJECT "größe"')).toEqual(['SEARCH 2'])
  })

  it('with UIDONLY there are no message numbers', async () => {
    const client = await system.connect()
    await client.ok('ENABLE UIDONLY')
    await client.ok('EXAMINE INBOX')
    expect((await client.command('SEARCH ALL')).tagged).toMatch(/^BAD \[UIDREQUIRED\]/)
    expect((await client.command('UID SEARCH OR SEEN 1:2')).tagged).toMatch(/^BAD \[UIDREQUIRED\]/)
    expect(await client.ok('UID SEARCH RETURN (SAVE) UID 2:*')).toEqual([])
    expect(await client.ok('UID SEARCH $ FLAGGED')).toEqual(['SEARCH 2'])
  })

  it('IMAP4rev2 is answered with ESEARCH and knows no RECENT', async () => {
    const client = await system.connect()
    await client.ok('ENABLE IMAP4rev2')
    await client.ok('EXAMINE INBOX')
    expect(await client.ok('SEARCH UNSEEN')).toEqual(['ESEARCH (TAG "t4") ALL 2:3'])
    expect(await client.ok('UID SEARCH CHARSET UTF-8 UNSEEN')).toEqual(['ESEARCH (TAG "t5") UID ALL 2:3'])
    expect(await client.ok('UID SEARCH KEYWORD none')).toEqual(['ESEARCH (TAG "t6") UID'])
    expect((await client.ok('SEARCH RETURN () MODSEQ 0 1')).slice(1)).toEqual([
      expect.stringMatching(/^ESEARCH \(TAG "t7"\) ALL 1 MODSEQ \d+$/),
    ])
    for (const key of ['RECENT', 'NEW', 'OLD'])
      expect((await client.command(`SEARCH ${key}`)).tagged).toMatch(/^BAD/)
  })
})

describe('a long search', () => {
  it('goes through the mailbox in parts, and tells how far it is', async () => {
    const clock = fakeClock()
    await using long = await startImapTest({ clock })
    const texts = Array.from(
      { length: 5_002 },
      (_, index) => `Subject: x\n\n${index % 2_500 === 0 ? 'needle' : 'hay'}\n`,
    )
    await long.deliver('INBOX', ...texts)
    const client = await long.connect()
    await client.ok('SELECT INBOX')
    const mailbox = await long.mail.openMailbox('INBOX')
    const prototype: Pick<typeof mailbox, 'search'> = Object.getPrototypeOf(mailbox)
    const original = prototype.search
    const searching = vi.spyOn(prototype, 'search').mockImplementation(async function (
      this: never,
      criterion,
    ) {
      clock.advance(10_000)
      return original.call(this, criterion)
    })
    expect(await client.ok('SEARCH OR BODY needle SUBJECT y')).toEqual([
      expect.stringMatching(/^OK \[INPROGRESS \("t3" (NIL NIL|0 5002)\)\]/),
      'OK [INPROGRESS ("t3" 5000 5002)] Still at work',
      'SEARCH 1 2501 5001',
    ])
    expect(searching).toHaveBeenCalledTimes(2)
    searching.mockRestore()
  })
})

it.each([
  ['an unknown kind', { kind: 'frob' }, 'frob'],
  ['nothing', undefined, 'undefined'],
])('a key of another author that answers %s is told by its name', async (_, criterion, told) => {
  const foreign = {
    name: 'foreign',
    searchKeys: { XKEY: () => () => criterion as unknown as SearchCriterion },
  }
  await using system = await startImapTest({ extensions: [foreign] })
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  expect((await client.command('SEARCH NOT XKEY')).tagged).toMatch(/^NO \[SERVERBUG\]/)
  expect(system.host.log.lines.find(({ event }) => event === 'internal-error')).toMatchObject({
    command: 'SEARCH',
    error: `the search key XKEY answered a criterion of no known kind: ${told}`,
  })
})
