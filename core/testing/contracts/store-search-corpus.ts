import { bufferContent } from '../../model/content.ts'
import type { SearchCriterion } from '../../model/search.ts'
import type { MessageEntry } from '../../services/mailbox.ts'
import type { AppendMessage, StoreAbilities } from '../../services/store.ts'

/** A message to be found, with what it says in clear, written down by hand. */
export interface SoughtMessage {
  readonly octets: Buffer
  readonly flags: readonly string[]
  /** Absent: now. */
  readonly internalDate?: string
  /** Fields of its header by name in lower case, decoded. */
  readonly header: Readonly<Record<string, string>>
  /** The day of its Date field. */
  readonly sent?: string
  /** The text of its text parts, decoded. */
  readonly body: string
  /** The header of the message attached to it. */
  readonly attachedHeader?: string
}

function message(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''))
}

/** A text of which a word lies over an octet that readers like to cut at. */
function longBody(): string {
  const line = `${'straw '.repeat(12)}\r\n`
  const before = line.repeat(900).slice(0, 65_536 - 100)
  return `${before}\r\nx a needle in it\r\n${line.repeat(2000)}and the last words\r\n`
}

const plain: SoughtMessage = {
  octets: message(
    'Received: from mx.example.net by mail.example.org; Sun, 1 Mar 2015 04:30:00 +0000',
    'From: "Ada Lovelace" <ada@example.org>',
    'To: Charles <charles@example.org>',
    'Cc: mary@example.com',
    'Subject: Budget for spring',
    'Date: Sat, 28 Feb 2015 23:30:00 -0500',
    '',
    'The numbers stand in the letter.',
  ),
  flags: ['\\Seen'],
  internalDate: '2015-03-01T04:30:01Z',
  header: {
    received: 'from mx.example.net by mail.example.org; Sun, 1 Mar 2015 04:30:00 +0000',
    from: '"Ada Lovelace" <ada@example.org>',
    to: 'Charles <charles@example.org>',
    cc: 'mary@example.com',
    subject: 'Budget for spring',
    date: 'Sat, 28 Feb 2015 23:30:00 -0500',
  },
  sent: '2015-02-28',
  body: 'The numbers stand in the letter.',
}

const encoded: SoughtMessage = {
  octets: message(
    'From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>',
    'Subject: =?utf-8?b?R3LDvMOfZQ==?= =?utf-8?q?_aus_K=C3=B6ln?=',
    'Date: Sun, 1 Mar 2015 00:10:00 +0100',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Sch=F6ne Stra=DFe, ein zer=',
    'brochenes Wort',
  ),
  flags: ['\\Flagged', '\\Seen'],
  internalDate: '2015-02-28T23:59:59Z',
  header: {
    from: 'Jörg <joerg@example.org>',
    subject: 'Grüße aus Köln',
    date: 'Sun, 1 Mar 2015 00:10:00 +0100',
  },
  sent: '2015-03-01',
  body: 'Schöne Straße, ein zerbrochenes Wort',
}

const multipart: SoughtMessage = {
  octets: message(
    'From: list@example.net',
    'Subject: with an attachment',
    'Date: Fri, 27 Feb 2015 12:00:00 +0000',
    'X-Empty:',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=cut',
    '',
    '--cut',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('Die Größe zählt').toString('base64'),
    '--cut',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('concealed octets').toString('base64'),
    '--cut--',
  ),
  flags: ['\\Answered', '$Forwarded'],
  internalDate: '2015-03-01T00:00:00Z',
  header: {
    from: 'list@example.net',
    subject: 'with an attachment',
    date: 'Fri, 27 Feb 2015 12:00:00 +0000',
    'x-empty': '',
  },
  sent: '2015-02-27',
  body: 'Die Größe zählt',
}

const forwarded: SoughtMessage = {
  octets: message(
    'From: charles@example.org',
    'Subject: look at this',
    'Date: Mon, 2 Mar 2015 08:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=cut',
    '',
    '--cut',
    'Content-Type: text/plain',
    '',
    'see below',
    '--cut',
    'Content-Type: message/rfc822',
    '',
    'From: stranger@example.com',
    'Subject: =?utf-8?q?inner_secr=C3=A9t?=',
    '',
    'words of a stranger',
    '--cut--',
  ),
  flags: ['\\Deleted', 'Label-1'],
  internalDate: '2015-03-02T08:00:00Z',
  header: {
    from: 'charles@example.org',
    subject: 'look at this',
    date: 'Mon, 2 Mar 2015 08:00:00 +0000',
  },
  sent: '2015-03-02',
  body: 'see below words of a stranger',
  attachedHeader: 'stranger@example.com inner secrét',
}

const bare: SoughtMessage = {
  octets: message('To: undisclosed-recipients:;', '', 'nothing is known of it'),
  flags: ['\\Draft'],
  internalDate: '2001-02-03T04:05:06Z',
  header: { to: 'undisclosed-recipients:;' },
  body: 'nothing is known of it',
}

const large: SoughtMessage = {
  octets: Buffer.from(`Subject: a stack of straw\r\nDate: no date at all\r\n\r\n${longBody()}`),
  flags: [],
  header: { subject: 'a stack of straw', date: 'no date at all' },
  body: longBody(),
}

/** Small, but with something for each kind of criterion to find and to leave. */
export const soughtMessages: readonly SoughtMessage[] = [plain, encoded, multipart, forwarded, bare, large]

/** The corpus as far as a store can keep it. */
export function appendable(supports: StoreAbilities): readonly AppendMessage[] {
  return soughtMessages.map(({ octets, flags, internalDate }) => ({
    content: bufferContent(octets),
    flags: flags.filter((flag) => supports.flags && (supports.keywords || flag.startsWith('\\'))),
    ...(internalDate === undefined ? {} : { internalDate: new Date(internalDate) }),
  }))
}

/** Whether a message meets a criterion, by what is written down of it. */
export function meets(criterion: SearchCriterion, message: SoughtMessage, entry: MessageEntry): boolean {
  switch (criterion.kind) {
    case 'all':
      return true
    case 'and':
      return criterion.of.every((one) => meets(one, message, entry))
    case 'or':
      return criterion.of.some((one) => meets(one, message, entry))
    case 'not':
      return !meets(criterion.of, message, entry)
    case 'uids':
      return criterion.ranges.some(({ first, last }) => entry.uid >= first && entry.uid <= last)
    case 'flag':
      return entry.flags.some((flag) => flag.toLowerCase() === criterion.flag.toLowerCase())
    case 'larger':
      return entry.size > criterion.octets
    case 'smaller':
      return entry.size < criterion.octets
    case 'internal':
      return isDay(dayOf(entry.internalDate), criterion.is, criterion.day)
    case 'saved':
      return isDay(dayOf(entry.savedDate), criterion.is, criterion.day)
    case 'sent':
      return message.sent !== undefined && isDay(message.sent, criterion.is, criterion.day)
    // Only seconds between "now" and the other dates of the corpus are asked for.
    case 'younger':
      return message.internalDate === undefined
    case 'older':
      return message.internalDate !== undefined
    case 'header': {
      const value = message.header[criterion.field.toLowerCase()]
      return value !== undefined && holds(value, criterion.text)
    }
    case 'body':
      return holds(message.body, criterion.text)
    case 'text': {
      const { header, attachedHeader = '', body } = message
      return [...Object.values(header), attachedHeader, body].some((part) => holds(part, criterion.text))
    }
    case 'modSequence':
      return entry.modSequence >= criterion.from
  }
}

export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

function isDay(day: string, is: 'before' | 'on' | 'since', other: string): boolean {
  if (is === 'on') return day === other
  return is === 'before' ? day < other : day >= other
}

function holds(text: string, sought: string): boolean {
  const folded = (one: string): string => one.normalize('NFD').toLowerCase()
  return folded(text).includes(folded(sought))
}
