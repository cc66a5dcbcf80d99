import type { Cursor } from './cursor.ts'

// The words of the formal syntax: RFC 9051 §9, and RFC 3501 §9 where they differ.

/** A class of octets. */
export type OctetClass = readonly boolean[]

function octetClass(holds: (octet: number, character: string) => boolean): OctetClass {
  return Array.from({ length: 256 }, (_, octet) => holds(octet, String.fromCharCode(octet)))
}

const isControl = (octet: number): boolean => octet < 0x20 || octet === 0x7f

/** ATOM-CHAR */
export const atomChar: OctetClass = octetClass(
  (octet, character) => octet < 0x80 && !isControl(octet) && !'(){ %*"\\]'.includes(character),
)
/** ASTRING-CHAR */
export const astringChar: OctetClass = octetClass(
  (octet, character) => atomChar[octet] === true || character === ']',
)
/** TEXT-CHAR: any CHAR but CR and LF. */
export const textChar: OctetClass = octetClass(
  (octet) => octet > 0 && octet < 0x80 && octet !== 13 && octet !== 10,
)
const plainQuotedChar = octetClass(
  (octet, character) => textChar[octet] === true && character !== '"' && character !== '\\',
)
/** DIGIT */
export const digit: OctetClass = octetClass((_, character) => character >= '0' && character <= '9')
/** What a tag may hold: any ASTRING-CHAR but "+". */
export const tagChar: OctetClass = octetClass(
  (octet, character) => astringChar[octet] === true && character !== '+',
)

/** atom */
export function atom(cursor: Cursor): string {
  return word(cursor, atomChar, 'an atom')
}

/** At least one octet of a class. */
export function word(cursor: Cursor, kind: OctetClass, what: string): string {
  const found = cursor.takeWhile(kind)
  if (found === '') cursor.fail(`expected ${what}`)
  return found
}

/** nil */
export function nil(cursor: Cursor): boolean {
  return cursor.takes('NIL')
}

/** string, in octets as latin1 text. */
export function string(cursor: Cursor): string {
  if (cursor.sees('"')) return quoted(cursor)
  if (cursor.sees('{')) return literal(cursor)
  return cursor.fail('expected a string')
}

/** nstring */
export function nstring(cursor: Cursor): string | undefined {
  return nil(cursor) ? undefined : string(cursor)
}

/** nstring / literal8 */
export function nstring8(cursor: Cursor): string | undefined {
  return cursor.takes('~') ? literalOctets(cursor).toString('latin1') : nstring(cursor)
}

/** astring */
export function astring(cursor: Cursor): string {
  return astringChar[cursor.peek()] ? word(cursor, astringChar, 'an astring') : string(cursor)
}

/** quoted: with UTF-8 only where IMAP4rev2 or UTF8=ACCEPT is enabled (RFC 9051 §4.3, RFC 6855 §3). */
export function quoted(cursor: Cursor): string {
  cursor.expect('"')
  let text = ''
  for (;;) {
    text += cursor.takeWhile(plainQuotedChar)
    if (cursor.takes('"')) return text
    if (cursor.takes('\\')) {
      if (!cursor.sees('"') && !cursor.sees('\\')) cursor.fail('only quoted-specials are escaped')
      text += cursor.takeOctets(1).toString('latin1')
    } else if (cursor.peek() >= 0x80) text += utf8Character(cursor)
    else cursor.fail('not a QUOTED-CHAR')
  }
}

/** UTF8-2 / UTF8-3 / UTF8-4, as latin1 text. */
export function utf8Character(cursor: Cursor): string {
  if (!cursor.dialect.rev2 && !cursor.dialect.utf8) cursor.fail('an octet above 127, and no UTF-8 is enabled')
  const first = cursor.peek()
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const start = cursor.position
  const octets = cursor.takeOctets(length)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    cursor.fail('not UTF-8', start)
  }
  return octets.toString('latin1')
}

/** literal: no NUL in it, and never non-synchronizing (RFC 9051 §4.3). */
export function literal(cursor: Cursor): string {
  const octets = literalOctets(cursor)
  const nul = octets.indexOf(0)
  if (nul >= 0) cursor.fail('a NUL in a literal', cursor.position - octets.length + nul)
  return octets.toString('latin1')
}

function literalOctets(cursor: Cursor): Buffer {
  cursor.expect('{')
  const length = Number(number64(cursor))
  cursor.expect('}\r\n')
  return cursor.takeOctets(length)
}

const largest32 = 4_294_967_295n
const largest63 = 9_223_372_036_854_775_807n

/** number: an unsigned 32-bit integer. */
export function number(cursor: Cursor): number {
  return Number(inRange(cursor, 0n, largest32))
}

/** nz-number */
export function nzNumber(cursor: Cursor): number {
  if (cursor.sees('0')) cursor.fail('expected a number that does not begin with 0')
  return Number(inRange(cursor, 1n, largest32))
}

/** number64: an unsigned 63-bit integer. */
export function number64(cursor: Cursor): bigint {
  return inRange(cursor, 0n, largest63)
}

/** mod-sequence-value (RFC 7162 §7) */
export function modSequence(cursor: Cursor): bigint {
  return inRange(cursor, 1n, largest63)
}

function inRange(cursor: Cursor, lowest: bigint, highest: bigint): bigint {
  const start = cursor.position
  const digits = word(cursor, digit, 'a number')
  const value = digits.length > 19 ? highest + 1n : BigInt(digits)
  if (value < lowest || value > highest) cursor.fail(`expected a number from ${lowest} to ${highest}`, start)
  return value
}

/** `( item *(SP item) )`, with none where that is allowed. */
export function list<T>(cursor: Cursor, item: (cursor: Cursor) => T, { mayBeEmpty = false } = {}): T[] {
  cursor.expect('(')
  if (mayBeEmpty && cursor.takes(')')) return []
  const items = [item(cursor)]
  while (!cursor.takes(')')) {
    cursor.space()
    items.push(item(cursor))
  }
  return items
}

/** `*(SP item)` up to the end of a line. */
export function spaced<T>(cursor: Cursor, item: (cursor: Cursor) => T): T[] {
  const items: T[] = []
  while (cursor.takes(' ')) items.push(item(cursor))
  return items
}
