import { expect } from 'vitest'
import type { Header } from '../../model/header/header.ts'
import { decodeBody } from '../../model/mime/mime-body.ts'
import { type MimePart, walkParts } from '../../model/mime/mime-part.ts'
import type { MessageSummary } from '../../model/summary.ts'
import type { Mailbox } from '../../services/mailbox.ts'
import { summarise } from '../../summary/index.ts'
import { present } from './expectations.ts'
import { append, deliver, messageOfSize, type StoreCase, sampleMessage, uidsOf } from './store-fixture.ts'

function message(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('\r\n'))
}

const letter = message(
  'Received: from a.example.org by b.example.org; Sat, 28 Feb 2026 10:00:00 +0000',
  'Date: Sat, 28 Feb 2026 10:00:00 +0100',
  'From: =?utf-8?q?J=C3=B6?= <jo@example.org>, "O\'Neill, Pat" <pat@example.net>',
  'To: friends: a@example.org, b@example.org;',
  'Subject: =?utf-8?b?R3LDvMOfZQ==?=',
  'Message-ID: <one@example.org>',
  'In-Reply-To: <none@example.org>',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  'preamble',
  '--outer',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Sch=F6ne   Gr=FC=DFe=',
  ' an alle',
  '--outer',
  'Content-Type: message/rfc822',
  'Content-Description: what was asked',
  '',
  'Subject: inner',
  '',
  'inner words',
  '--outer',
  'Content-Type: application/octet-stream; name="a.bin"',
  'Content-Disposition: attachment; filename="a.bin"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('the octets of a part').toString('base64'),
  '--outer--',
  '',
)

/** Messages of all sorts: what a summary must be able to say, and what may not trouble it. */
const corpus: readonly Buffer[] = [
  letter,
  sampleMessage(),
  message(
    'Subject: folded',
    '\tover two',
    ' and three lines',
    'X-Empty:',
    '',
    `${'a long line '.repeat(500)}`,
  ),
  Buffer.alloc(0),
  message('no header', 'at all'),
  message('Content-Type: multipart/alternative; boundary=x', '', '--x', '', 'never closed'),
  message('From: (', 'To: <', 'Subject: =?utf-8?q?=ff?=', 'Subject: again', '', 'odd'),
  messageOfSize(200_000),
]

/** A summary as plain data, so that two of them can be compared. */
function plain({ uid, header, omitted, envelope, structure, preview }: MessageSummary) {
  return { uid, header: plainHeader(header), omitted, envelope, structure: plainPart(structure), preview }
}

function plainHeader({ raw, truncated, ended }: Header): object {
  return { raw: raw.toString('latin1'), truncated, ended }
}

function plainPart(part: MimePart): object {
  const { headerStart, bodyStart, bodyEnd, lines, mediaType, encoding, filename, description } = part
  return {
    ...{ headerStart, bodyStart, bodyEnd, lines, mediaType, encoding, filename, description },
    header: plainHeader(part.header),
    parameters: [...part.contentType.parameters],
    children: part.children.map(plainPart),
    message: part.message && plainPart(part.message),
  }
}

async function summariesOf(mailbox: Mailbox, uids: readonly number[]): Promise<readonly MessageSummary[]> {
  const found: MessageSummary[] = []
  for await (const summary of mailbox.summaries(uids)) found.push(summary)
  return found
}

/** What the octets themselves say. */
async function summarised(mailbox: Mailbox, uids: readonly number[]): Promise<readonly object[]> {
  return Promise.all(uids.map(async (uid) => plain(await summarise(uid, await mailbox.content(uid)))))
}

/** Header, structure and preview of messages. */
export const summaryCases: readonly StoreCase[] = [
  {
    name: 'summaries: say what the octets say, for messages of all sorts, each time they are asked',
    async run({ store, account }) {
      const opened = await store.open(account)
      await append(opened, corpus)
      for (const octets of corpus.slice(0, 3)) await deliver(opened, octets)
      const mailbox = await opened.openMailbox('INBOX')
      const uids = uidsOf(mailbox)
      const expected = await summarised(mailbox, uids)
      for (let round = 0; round < 2; round++) {
        const found = (await summariesOf(mailbox, uids)).map(plain)
        expect(found.map((summary) => summary.uid)).toEqual(uids)
        expect(found).toEqual(expected)
      }
      const again = await (await store.open(account)).openMailbox('INBOX')
      expect((await summariesOf(again, uids)).map(plain)).toEqual(expected)
    },
  },
  {
    name: 'summaries: of some messages, in the order of the UIDs; those that are gone are left out',
    async run({ store, account }) {
      const opened = await store.open(account)
      await append(opened, [...corpus, ...corpus])
      const [mailbox, other] = [await opened.openMailbox('INBOX'), await opened.openMailbox('INBOX')]
      const uids = uidsOf(mailbox)
      const gone = [uids[1] ?? 0, uids[4] ?? 0]
      await other.expunge(gone)
      const asked = uids.filter((_, index) => index % 3 !== 2)
      const left = asked.filter((uid) => !gone.includes(uid))
      const found = (await summariesOf(mailbox, [...asked, 999_999])).map(plain)
      expect(found).toEqual(await summarised(mailbox, left))
      expect(await summariesOf(mailbox, [])).toEqual([])
      expect(await summariesOf(mailbox, gone)).toEqual([])
    },
  },
  {
    name: 'summaries: may be left half-way, and asked for again at the same time',
    async run({ store, account }) {
      const opened = await store.open(account)
      await append(opened, corpus)
      const mailbox = await opened.openMailbox('INBOX')
      const uids = uidsOf(mailbox)
      for await (const summary of mailbox.summaries(uids)) if (summary.uid === uids[2]) break
      const rounds = await Promise.all([summariesOf(mailbox, uids), summariesOf(mailbox, uids)])
      for (const round of rounds) expect(round.map((summary) => summary.uid)).toEqual(uids)
    },
  },
  {
    name: 'summaries: go along with copies and moves',
    needs: ['mailboxes'],
    async run({ store, account }) {
      const opened = await store.open(account)
      await opened.createMailbox('Archive')
      await append(opened, corpus)
      const inbox = await opened.openMailbox('INBOX')
      await summariesOf(inbox, uidsOf(inbox))
      await inbox.copy(uidsOf(inbox).slice(0, 4), 'Archive')
      await inbox.move(uidsOf(inbox), 'Archive')
      const archive = await opened.openMailbox('Archive')
      const uids = uidsOf(archive)
      expect((await summariesOf(archive, uids)).map(plain)).toEqual(await summarised(archive, uids))
    },
  },
  {
    name: 'summaries: their offsets lead to the octets of a part, without the rest of the message',
    async run({ store, account }) {
      const opened = await store.open(account)
      await append(opened, [letter])
      const mailbox = await opened.openMailbox('INBOX')
      const [uid = 0] = uidsOf(mailbox)
      const [summary] = await summariesOf(mailbox, [uid])
      const parts = [...walkParts(present(summary, 'the summary').structure)].map(({ part }) => part)
      const part = present(
        parts.find((one) => one.mediaType === 'application/octet-stream'),
        'the part',
      )
      const octets = await (await mailbox.content(uid)).read(part.bodyStart, part.bodyEnd)
      expect(decodeBody(octets, part.encoding).toString()).toBe('the octets of a part')
    },
  },
]
