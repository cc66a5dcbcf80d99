import { canonicalFlags, parseDate } from 'mailwright'
import type { ImapArguments, ImapLiteral, ImapSequenceSet } from 'mailwright/imap'
import { decodeMailboxName } from '../format/mailbox-name.ts'
import { bad, NotUtf8, no, Refusal } from './result.ts'
import { readSequenceSet, sequenceSetForm } from './sequence-set.ts'

// RFC 9051 §9: ATOM-CHAR; ASTRING-CHAR and list-char have some more.
const atomForm = /[^\x00-\x20\x7f-\xff(){%*"\\\]]+/y
const astringForm = /[^\x00-\x20\x7f-\xff(){%*"\\]+/y
// Of names of mailboxes some clients write more without quotes than an atom may hold: offlineimap `a\b`.
const mailboxForm = /[^\x00-\x20\x7f-\xff(){"]+/y
const wordForm = /[a-z0-9.=_-]+/iy
const numberForm = /\d{1,19}/y
const quotedForm = /"((?:[^"\\\r\n\0]|\\["\\])*)"/y
const endedForm = /"(?:[^"\\\r\n\0]|\\[^\r\n\0])*"/y
const flagForm = /\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]+/y
const dateForm = /"?(\d{1,2})-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-(\d{4})"?/iy
const dateTimeForm = /"([ \d]\d)-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d[0-5]\d)"/iy

/** Flags that one command may name. */
const mostFlags = 100
/** Octets of a keyword: see `isKeyword`. */
const longestFlag = 255

const beyondAscii = /[\x80-\xff]/
const largestNumber = 4_294_967_295
// RFC 9051 §9, number64: 63 bits.
const largestNumber64 = '9223372036854775807'
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** How names and texts are to be read. */
export interface ReadingMode {
  /** UTF-8 was agreed on, so that `&` in a mailbox's name is just that. */
  readonly utf8: boolean
}

/** Reads a command's arguments from its parts: octet strings with literals between them. */
export class Arguments implements ImapArguments {
  readonly #parts: readonly (string | ImapLiteral)[]
  readonly #mode: ReadingMode
  #part = 0
  #at = 0

  constructor(parts: readonly (string | ImapLiteral)[], mode: ReadingMode) {
    this.#parts = parts
    this.#mode = mode
  }

  get #text(): string {
    const part = this.#parts[this.#part]
    return typeof part === 'string' ? part : ''
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length && this.#part >= this.#parts.length - 1
  }

  fail(problem: string): never {
    throw new Refusal(bad(problem))
  }

  space(): void {
    if (!this.takes(' ')) this.fail('A space is expected')
  }

  end(): void {
    if (!this.atEnd) this.fail('Nothing more is expected')
  }

  sees(text: string): boolean {
    const found = this.#text.slice(this.#at, this.#at + text.length)
    return found === text || found.toUpperCase() === text.toUpperCase()
  }

  takes(text: string): boolean {
    if (!this.sees(text)) return false
    this.#at += text.length
    return true
  }

  expects(text: string): void {
    if (!this.takes(text)) this.fail(`"${text}" is expected`)
  }

  atom(): string {
    return this.#matched(atomForm) ?? this.fail('An atom is expected')
  }

  word(): string {
    return this.#matched(wordForm)?.toUpperCase() ?? this.fail('A word is expected')
  }

  astring(): string {
    return this.#matched(astringForm) ?? this.#string() ?? this.fail('A string is expected')
  }

  string(): string {
    return this.#string() ?? this.fail('A string is expected')
  }

  nstring(): string | undefined {
    const string = this.#string()
    if (string !== undefined) return string
    if (this.takes('NIL')) return undefined
    return this.fail('A string or NIL is expected')
  }

  number(least: 0 | 1 = 0): number {
    const number = this.number64()
    if (number < least || number > largestNumber) this.fail('The number is out of range')
    return number
  }

  number64(): number {
    const digits = this.#matched(numberForm) ?? this.fail('A number is expected')
    if (digits.length === 19 && digits > largestNumber64) this.fail('The number is out of range')
    return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
  }

  text(): string | undefined {
    return utf8Text(this.astring())
  }

  mailbox(): string {
    return this.#mailboxName(this.#mailboxOctets())
  }

  mailboxPattern(): string | undefined {
    // RFC 5258 §3: a pattern that is not accepted is ignored, silently.
    return decodeMailboxName(this.#mailboxOctets(), this.#mode.utf8)
  }

  #mailboxOctets(): string {
    return this.#matched(mailboxForm) ?? this.#string() ?? this.fail('A mailbox is expected')
  }

  sequenceSet(): ImapSequenceSet {
    const text = this.#matched(sequenceSetForm)
    const set = text === undefined ? undefined : readSequenceSet(text)
    return set ?? this.fail('A set of message numbers is expected')
  }

  flags(bare = false): readonly string[] {
    const one = (): string => this.#matched(flagForm) ?? this.fail('A flag is expected')
    const flags = this.sees('(') ? this.list(one) : bare ? this.#row(one) : this.fail('"(" is expected')
    if (flags.length > mostFlags || flags.some(({ length }) => length > longestFlag))
      throw new Refusal(no('Too many flags, or too long ones', 'LIMIT'))
    return canonicalFlags(flags) ?? this.fail('Not a flag that can be set')
  }

  dateTime(): Date {
    const matched = this.#match(dateTimeForm) ?? this.fail('A date and time is expected')
    const [, day = '', month = '', year = '', hour = '', minute = '', second = '', zone = ''] = matched
    const written = `${day.trim()} ${month} ${year} ${hour}:${minute}:${second} ${zone}`
    const date = months.includes(month.toLowerCase()) ? parseDate(written) : undefined
    // Responses write it in UTC, where the year has four digits, too.
    const utcYear = date?.getUTCFullYear() ?? -1
    return date !== undefined && utcYear >= 0 && utcYear <= 9999 ? date : this.fail('That is no date')
  }

  date(): `${number}-${number}-${number}` {
    const start = this.#at
    const matched = this.#match(dateForm) ?? this.fail('A date is expected')
    const quoted = this.#text[start] === '"'
    if (quoted !== (this.#text[this.#at - 1] === '"')) this.fail('A date is expected')
    const [, day = '', month = '', year = ''] = matched
    const at = new Date(Date.UTC(Number(year), months.indexOf(month.toLowerCase()), Number(day)))
    // A year below 100 is taken for one of the last century there; and there is no 31st of June.
    at.setUTCFullYear(Number(year))
    if (at.getUTCDate() !== Number(day)) this.fail('That is no date')
    const number = String(at.getUTCMonth() + 1).padStart(2, '0')
    return `${year}-${number}-${day.padStart(2, '0')}` as `${number}-${number}-${number}`
  }

  list<Item>(item: () => Item, least: 0 | 1 = 0): Item[] {
    this.expects('(')
    if (least === 0 && this.takes(')')) return []
    const items = this.#row(item)
    this.expects(')')
    return items
  }

  #row<Item>(item: () => Item): Item[] {
    const items = [item()]
    while (this.takes(' ')) items.push(item())
    return items
  }

  literal(): ImapLiteral {
    const next = this.#atBreak ? this.#parts[this.#part + 1] : undefined
    if (next === undefined || typeof next === 'string') return this.fail('A literal is expected')
    this.#part += 2
    this.#at = 0
    return next
  }

  rest(): string {
    const rest = this.#text.slice(this.#at)
    if (this.#part < this.#parts.length - 1) this.fail('No literal is expected')
    this.#at = this.#text.length
    return rest
  }

  get #atBreak(): boolean {
    return this.#at >= this.#text.length
  }

  #string(): string | undefined {
    if (this.#text[this.#at] === '"') {
      const matched = this.#match(quotedForm) ?? this.#failQuoted()
      const body = matched[1] ?? ''
      // RFC 6855 §3.
      if (this.#mode.utf8 && beyondAscii.test(body) && utf8Text(body) === undefined) throw new NotUtf8()
      return body.includes('\\') ? body.replace(/\\(.)/g, '$1') : body
    }
    if (!this.#atBreak || this.#part + 1 >= this.#parts.length) return undefined
    const { octets, binary } = this.literal()
    // RFC 9051 §9, string; where literal8 may stand `literal` is read.
    if (binary) this.fail('A literal without ~ is expected')
    if (octets === undefined) return this.fail('The literal is too large')
    const text = octets.toString('latin1')
    // RFC 9051 §9: CHAR8 leaves it out.
    if (text.includes('\0')) this.fail('NUL is not allowed')
    return text
  }

  /** RFC 9051 §9, quoted-specials. */
  #failQuoted(): never {
    const ends = this.#match(endedForm) !== undefined
    return this.fail(ends ? 'Only \\ and " may stand behind a backslash' : 'A quoted string does not end')
  }

  #mailboxName(octets: string): string {
    const name = decodeMailboxName(octets, this.#mode.utf8)
    if (name === undefined) throw new Refusal(no('That is no name of a mailbox', 'CANNOT'))
    return name.replace(/^inbox(?=\/|$)/i, 'INBOX')
  }

  #match(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#at
    const matched = form.exec(this.#text)
    if (matched === null) return undefined
    this.#at = form.lastIndex
    return matched
  }

  #matched(form: RegExp): string | undefined {
    return this.#match(form)?.[0]
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An octet string as the text that it is in UTF-8; undefined where it is not. */
export function utf8Text(octets: string): string | undefined {
  try {
    return strictUtf8.decode(Buffer.from(octets, 'latin1'))
  } catch {
    return undefined
  }
}
