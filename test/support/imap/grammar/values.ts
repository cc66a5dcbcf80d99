import type { Cursor } from './cursor.ts'
import { astring, atom, atomChar, digit, list, nzNumber, type OctetClass, word } from './lexis.ts'
import { isMailboxName } from './mailbox-name.ts'

// Values that several responses have in common.

/** Numbers as ranges, in the order of the response; in each the lower number comes first. */
export type NumberSet = readonly (readonly [low: number, high: number])[]

/** How many numbers a set names. */
export function countOf(set: NumberSet): number {
  return set.reduce((count, [low, high]) => count + high - low + 1, 0)
}

/** Every number of a set, in its order. */
export function* numbersOf(set: NumberSet): Generator<number> {
  for (const [low, high] of set) for (let value = low; value <= high; value++) yield value
}

/** uid-set, or sequence-set as servers send it: `*` and `$` stand for nothing in a response. */
export function numberSet(cursor: Cursor): NumberSet {
  const ranges = [range(cursor)]
  while (cursor.takes(',')) ranges.push(range(cursor))
  return ranges
}

function range(cursor: Cursor): readonly [number, number] {
  const first = nzNumber(cursor)
  if (!cursor.takes(':')) return [first, first]
  const second = nzNumber(cursor)
  return first <= second ? [first, second] : [second, first]
}

const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft']

/** flag: a server generates no flag-extension that no standard defines (RFC 9051 §9). */
export function flag(cursor: Cursor): string {
  const start = cursor.position
  if (!cursor.takes('\\')) return atom(cursor)
  const name = `\\${atom(cursor)}`
  const known = systemFlags.find((each) => each.toUpperCase() === name.toUpperCase())
  return known ?? cursor.fail(`no standard defines the flag ${name}`, start)
}

/** flag-fetch: `\Recent` is of RFC 3501 only. */
export function flagFetch(cursor: Cursor): string {
  if (!cursor.dialect.rev2 && cursor.sees('\\Recent') && !atomChar[cursor.octets[cursor.position + 7] ?? 0]) {
    cursor.takes('\\Recent')
    return '\\Recent'
  }
  return flag(cursor)
}

/** flag-perm */
export function flagPerm(cursor: Cursor): string {
  return cursor.takes('\\*') ? '\\*' : flag(cursor)
}

/** A list of flags in which none comes twice. */
export function flagList(cursor: Cursor, each: (cursor: Cursor) => string): readonly string[] {
  const start = cursor.position
  const flags = list(cursor, each, { mayBeEmpty: true })
  if (new Set(flags.map((name) => name.toUpperCase())).size !== flags.length)
    cursor.fail('a flag comes twice', start)
  return flags
}

const objectIdChar: OctetClass = Array.from({ length: 256 }, (_, octet) =>
  /[A-Za-z0-9_-]/.test(String.fromCharCode(octet)),
)
const longestObjectId = 255

/** `"(" objectid ")"` (RFC 8474 §7) */
export function objectId(cursor: Cursor): string {
  cursor.expect('(')
  const start = cursor.position
  const id = word(cursor, objectIdChar, 'an objectid')
  if (id.length > longestObjectId) cursor.fail('an objectid has at most 255 characters', start)
  cursor.expect(')')
  return id
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** date-time, without its quotes. */
export function dateTime(cursor: Cursor): string {
  cursor.expect('"')
  const start = cursor.position
  const day = Number(cursor.takes(' ') ? digits(cursor, 1) : digits(cursor, 2))
  cursor.expect('-')
  const month = months.findIndex((name) => cursor.takes(name))
  if (month < 0) cursor.fail('expected a month')
  cursor.expect('-')
  const year = Number(digits(cursor, 4))
  cursor.space()
  const [hour, minute, second] = time(cursor)
  cursor.space()
  if (!cursor.takes('+') && !cursor.takes('-')) cursor.fail('expected a zone')
  const zone = digits(cursor, 4)
  if (hour > 23 || minute > 59 || second > 60 || Number(zone.slice(2)) > 59)
    cursor.fail('no such time', start)
  if (day < 1 || day > new Date(Date.UTC(year, month + 1, 0)).getUTCDate()) cursor.fail('no such day', start)
  const text = cursor.octets.toString('latin1', start, cursor.position)
  cursor.expect('"')
  return text
}

function time(cursor: Cursor): readonly [number, number, number] {
  const hour = Number(digits(cursor, 2))
  cursor.expect(':')
  const minute = Number(digits(cursor, 2))
  cursor.expect(':')
  return [hour, minute, Number(digits(cursor, 2))]
}

function digits(cursor: Cursor, count: number): string {
  const start = cursor.position
  const text = cursor.takeOctets(count).toString('latin1')
  if ([...text].some((character) => !digit[character.charCodeAt(0)]))
    cursor.fail(`expected ${count} digits`, start)
  return text
}

/** mailbox, as its octets say it in UTF-8; INBOX in upper case. */
export function mailbox(cursor: Cursor): string {
  const start = cursor.position
  const octets = astring(cursor)
  const { rev2, utf8 } = cursor.dialect
  if (!isMailboxName(octets, rev2 || utf8)) cursor.fail('not a name of a mailbox', start)
  return octets.toUpperCase() === 'INBOX' ? 'INBOX' : Buffer.from(octets, 'latin1').toString()
}
