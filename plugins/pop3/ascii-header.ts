import { isAscii } from 'node:buffer'
import {
  canonicalDomain,
  type HeaderField,
  type ListedMailbox,
  parseAddressList,
  parseHeader,
} from 'mailwright'
import { withAsciiComments } from './ascii-comments.ts'
import { encodeWords } from './encoded-words.ts'

/** Octets of a header at most; where it is longer, what follows the last whole field counts as body. */
const longestHeader = 262_144

// Addresses of a field at most. As many fit into a header where each has 16 octets; shorter ones are none, and become
// longer by far.
const mostAddresses = 16_384

/**
 * Passes a message on, with a surrogate for its header where that holds more than ASCII: for clients that did not say
 * UTF8 (RFC 6856 §2.1). Its body is sent as it is, as 8BITMIME allows, and its length is not what LIST says.
 */
export async function* withAsciiHeader(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begin: Buffer | undefined = Buffer.alloc(0)
  for await (const piece of pieces) {
    if (begin === undefined) {
      yield piece
      continue
    }
    begin = begin.length === 0 ? piece : Buffer.concat([begin, piece])
    const end = headerEnd(begin)
    if (end === -1 && begin.length < longestHeader) continue
    yield* split(begin, end === -1 || end > longestHeader ? endOfFields(begin) : end)
    begin = undefined
  }
  if (begin !== undefined) yield* split(begin, begin.length)
}

function* split(octets: Buffer, end: number): Generator<Buffer> {
  if (isAscii(octets.subarray(0, end))) {
    yield octets
    return
  }
  yield asciiHeader(octets.subarray(0, end))
  if (end < octets.length) yield octets.subarray(end)
}

/** Where the blank line behind the header begins, or -1. */
function headerEnd(octets: Buffer): number {
  if (octets[0] === 0x0a || (octets[0] === 0x0d && octets[1] === 0x0a)) return 0
  const ends = ['\r\n\r\n', '\n\n'].map((text) => [octets.indexOf(text), text.length / 2] as const)
  const [first] = ends.filter(([at]) => at !== -1).sort(([one], [other]) => one - other)
  return first === undefined ? -1 : first[0] + first[1]
}

/** Where the last field ends that is whole within the longest header; 0 where none is. */
function endOfFields(octets: Buffer): number {
  for (let at = longestHeader; at > 0; ) {
    at = octets.lastIndexOf('\n', at - 1)
    const next = octets[at + 1]
    if (at !== -1 && next !== undefined && next !== 0x20 && next !== 0x09) return at + 1
  }
  return 0
}

/** A header, without the blank line behind it, in ASCII. What is ASCII already stays octet for octet. */
export function asciiHeader(octets: Buffer): Buffer {
  const { fields } = parseHeader(octets, { fields: longestHeader })
  const written = fields.map((field) => {
    const { raw } = field
    return isAscii(raw) ? raw : Buffer.from(surrogateOf(field))
  })
  return Buffer.concat(written)
}

// RFC 6858 §2.1 to §2.4. What has no surrogate is left out: half of it would be taken for the whole.
const surrogates: Readonly<Record<string, (body: string) => string>> = {
  ...Object.fromEntries(
    [
      'from',
      'sender',
      'reply-to',
      'to',
      'cc',
      'bcc',
      'resent-from',
      'resent-sender',
      'resent-to',
      'resent-cc',
    ].map((name) => [name, addresses]),
  ),
  'content-type': parameters,
  'content-disposition': parameters,
  subject: encodeWords,
  comments: encodeWords,
  'content-description': encodeWords,
}

// Of what is no text but may have comments, the rest stays where it is ASCII.
const structured: ReadonlySet<string> = new Set([
  'date',
  'resent-date',
  'received',
  'return-path',
  'message-id',
  'resent-message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-id',
  'content-transfer-encoding',
])

function surrogateOf({ name, body, raw }: HeaderField): string {
  const known = name.toLowerCase()
  if (structured.has(known)) return withoutComments(raw.toString('latin1'))
  const surrogate = Object.hasOwn(surrogates, known) ? surrogates[known]?.(body) : undefined
  return surrogate === undefined || surrogate === '' ? '' : `${name}: ${surrogate}\r\n`
}

/** A field as it is folded, without comments beyond ASCII; nothing where it holds such elsewhere, or nothing else. */
function withoutComments(raw: string): string {
  const kept = withAsciiComments(raw)
  return /^[\x00-\x7f]*$/.test(kept) && /:\s*\S/.test(kept) ? kept : ''
}

/** Addresses, each on a line of its own; none where there are too many. */
function addresses(body: string): string {
  let text = ''
  let separator = ''
  const { entries, truncated } = parseAddressList(body, { limit: mostAddresses })
  if (truncated) return ''
  for (const entry of entries) {
    if (entry.kind === 'group-end') {
      text += ';'
      separator = ',\r\n '
      continue
    }
    text += `${separator}${entry.kind === 'mailbox' ? mailbox(entry) : `${phrase(entry.displayName)}:`}`
    separator = entry.kind === 'mailbox' ? ',\r\n ' : '\r\n '
  }
  return text
}

/** RFC 6858 §2.1: an address beyond ASCII is replaced by one that nobody has, and stays to be read in the name. */
function mailbox({ displayName, localPart, domain }: ListedMailbox): string {
  const host = canonicalDomain(domain) ?? domain
  if (host !== '' && isPlain(localPart) && isPlain(host)) {
    const address = `${quotedUnlessAtoms(localPart)}@${host}`
    return displayName === '' ? address : `${phrase(displayName)}\r\n <${address}>`
  }
  const shown = domain === '' ? localPart : `${localPart}@${domain}`
  return `${phrase(`${displayName} ${shown}`.trim())}\r\n <invalid@internationalized-address.invalid>`
}

function phrase(text: string): string {
  return isPlain(text) ? quotedUnlessAtoms(text, ' ') : encodeWords(text) || '""'
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

/** RFC 5322 §3.2.3 and §3.2.4 */
function quotedUnlessAtoms(text: string, separator = '.'): string {
  const areAtoms = text.split(separator).every((word) => /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(word))
  return areAtoms ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** RFC 6858 §2.2: the parameters that are ASCII, behind a value that is. */
function parameters(body: string): string {
  // A quote that nobody ends goes on to the end, so that each character is looked at once.
  const parts = withAsciiComments(body).match(/(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^";])+/gs) ?? []
  return isPlain(parts[0] ?? '') ? parts.filter(isPlain).join(';') : ''
}
