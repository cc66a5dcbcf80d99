import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { charsetLabels } from './charset-labels.ts'

const utf8 = new TextDecoder('utf-8')
const windows1252 = new TextDecoder('windows-1252')
const decoders = new Map<string, TextDecoder>()

const eightBit = /[\x80-\xff]/
// Names that mail uses and the WHATWG list does not have; the right side is in the list.
const aliases: ReadonlyMap<string, string> = new Map([
  ['utf', 'utf-8'],
  ['utf8mb4', 'utf-8'],
  ['ansi', 'windows-1252'],
  ['latin-1', 'windows-1252'],
  ['8bit', 'utf-8'],
  ['binary', 'utf-8'],
  ['iso8859', 'windows-1252'],
  ['cp936', 'gbk'],
  ['cp949', 'euc-kr'],
  ['cp950', 'big5'],
  ['cp932', 'shift_jis'],
  ['ks_c_5601', 'euc-kr'],
  ['gb2312-80', 'gbk'],
])

/** Those that leave it to the text which octet of two comes first. */
const unordered = new Set(['utf-16', 'unicode', 'ucs-2', 'csunicode', 'iso-10646-ucs-2'])
/** Octets by which the order is guessed. */
const guessedBy = 1024
const bigEndianMark = 0xfeff
const littleEndianMark = 0xfffe

/**
 * Turns octets of a declared charset into text. Never throws: octets that are not of that charset become U+FFFD; where
 * the charset is unknown, missing or US-ASCII, the octets are taken as UTF-8 if they are UTF-8, else as Windows-1252.
 */
export function decodeText(octets: Buffer, charset: string | undefined): string {
  const decoder = decoderFor(withByteOrder(octets, charset))
  return decoder === undefined ? decodeUndeclared(octets) : decode(decoder, octets)
}

/**
 * The charset of a text that begins with these octets, by which its other parts are to be read: where the declared one does
 * not say so, the order of the octets is that of the byte order mark, else big-endian (RFC 2781 §4.3), unless it is clearly not.
 */
export function withByteOrder(octets: Buffer, charset: string | undefined): string | undefined {
  if (!unordered.has(labelOf(charset))) return charset
  const mark = markOf(octets)
  if (mark === bigEndianMark) return 'utf-16be'
  return mark === littleEndianMark || isLittleEndian(octets.subarray(0, guessedBy)) ? 'utf-16le' : 'utf-16be'
}

/** Whether a text begins with a mark that tells the order of its octets, where the charset leaves that to the text. */
export function hasByteOrderMark(octets: Buffer, charset: string | undefined): boolean {
  const mark = markOf(octets)
  return (mark === bigEndianMark || mark === littleEndianMark) && unordered.has(labelOf(charset))
}

function markOf(octets: Buffer): number {
  return octets.length < 2 ? 0 : octets.readUInt16BE(0)
}

/**
 * Zeros alone tell nothing: 一 is U+4E00. Blanks and line ends do, for in the other order they are hardly any character;
 * without them most of the text has to be ASCII. A single character may be either.
 */
function isLittleEndian(octets: Buffer): boolean {
  const units = octets.length >>> 1
  let surplus = 0
  let ascii = 0
  for (let at = 0; at < units; at += 1) {
    const unit = octets.readUInt16LE(2 * at)
    if (isBlank(unit)) surplus += 1
    else if (isBlank(octets.readUInt16BE(2 * at))) surplus -= 1
    if (unit > 0x1f && unit < 0x7f) ascii += 1
  }
  return surplus === 0 ? units > 1 && 2 * ascii > units : surplus > 0
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0d || unit === 0x0a
}

/**
 * Turns octets that were read as Latin-1, one character an octet, into the text they mean where nothing declares a
 * charset: UTF-8 (RFC 6532) if they are UTF-8, else Windows-1252.
 */
export function decodeLatin1(text: string): string {
  return eightBit.test(text) ? decodeUndeclared(Buffer.from(text, 'latin1')) : text
}

function decodeUndeclared(octets: Buffer): string {
  return decode(isUtf8(octets) ? utf8 : windows1252, octets)
}

function decode(decoder: TextDecoder, octets: Buffer): string {
  try {
    return decoder.decode(octets)
  } catch {
    // A decoder that is not fatal has no fault of its own, but a string may be longer than the engine allows.
    return ''
  }
}

function isAscii(label: string): boolean {
  return label === '' || label === 'us-ascii' || label === 'ascii' || label === 'ansi_x3.4-1968'
}

/** RFC 2231 §5 lets a language follow the name; it stands behind an asterisk. */
function labelOf(charset: string | undefined): string {
  return (charset ?? '').split('*', 1)[0]?.trim().replace(/^"|"$/g, '').trim().toLowerCase() ?? ''
}

function decoderFor(charset: string | undefined): TextDecoder | undefined {
  const label = labelOf(charset)
  if (isAscii(label)) return undefined
  const known = decoders.get(label)
  if (known !== undefined) return known
  const listed = aliases.get(label) ?? label.replace(/^cp-(?=125\d$)/, 'windows-')
  // Asked for what it does not know a decoder throws, which takes far too long for each word of a long field.
  if (!charsetLabels.has(listed)) return undefined
  const made = new TextDecoder(listed)
  decoders.set(label, made)
  return made
}
