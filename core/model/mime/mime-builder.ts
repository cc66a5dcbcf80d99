import { type Header, readHeader } from '../header/header-fields.ts'
import type { MimeAnomaly } from './mime-anomaly.ts'
import { MimePart, transferEncoding } from './mime-part.ts'
import { type ContentType, parseContentType } from './parameters.ts'

/** How a part's body is to be read. */
export type BodyKind =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'multipart'; readonly boundary: string }
  | { readonly kind: 'message' }

/** A part whose end has not come yet. */
export class OpenPart {
  readonly parent: OpenPart | undefined
  /** How many multiparts and messages it lies in. */
  readonly depth: number
  readonly headerStart: number
  readonly children: MimePart[] = []
  message: MimePart | undefined
  /** The boundary by which its parts are told apart, as Latin-1, once it is known to be a multipart. */
  boundary: string | undefined
  /** The open part around it that uses the same boundary and has to wait. */
  shadowed: OpenPart | undefined
  /** Whether its closing delimiter has come, or its end without one. */
  isComplete = false
  header: Header = emptyHeader
  contentType: ContentType = plainText
  bodyStart = 0
  linesBefore = 0

  constructor(parent: OpenPart | undefined, headerStart: number) {
    this.parent = parent
    this.depth = parent === undefined ? 0 : parent.depth + 1
    this.headerStart = headerStart
  }

  /** Makes the node of the tree. `end` is where the body ends, `lines` how many line ends the message has up to there. */
  close(end: number, lines: number): MimePart {
    const extent = {
      headerStart: this.headerStart,
      bodyStart: this.bodyStart,
      bodyEnd: Math.max(this.bodyStart, end),
      lines: Math.max(0, lines - this.linesBefore),
    }
    return new MimePart({ header: this.header, contentType: this.contentType }, extent, {
      children: this.children,
      message: this.message,
    })
  }
}

const emptyHeader = readHeader('')
const plainText = knownType('text/plain; charset=us-ascii')
const wholeMessage = knownType('message/rfc822')
const identityEncodings: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])
const knownEncodings: ReadonlySet<string> = new Set([...identityEncodings, 'base64', 'quoted-printable'])
const eightBit = /[\x80-\xff]/
// RFC 2046 §5.1.1 says 70; some programs write longer ones.
const MAX_BOUNDARY = 256

// RFC 5322 §3.6 and RFC 2045 §3: the fields that may stand once. From and Content-Type have anomalies of their own.
const singleMimeFields = [
  'content-transfer-encoding',
  'content-disposition',
  'content-id',
  'content-description',
] as const
const singleMessageFields = [
  'date',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
] as const

/** Sets the content type of a part from its header and says how to read its body. */
export function describeBody(part: OpenPart, anomalies: Set<MimeAnomaly>): BodyKind {
  const field = part.header.first('content-type')
  const inDigest = part.parent?.boundary !== undefined && part.parent.contentType.subtype === 'digest'
  part.contentType = inDigest ? wholeMessage : plainText
  if (field !== undefined) {
    const parsed = parseContentType(field.body)
    if (parsed === undefined) anomalies.add('bad-content-type')
    part.contentType = parsed ?? plainText
  }
  const { type, subtype, parameters } = part.contentType
  if (parameters.truncated) anomalies.add('parameters')
  if (parameters.duplicates.size > 0) anomalies.add('duplicate-parameter')
  if (type !== 'multipart' && type !== 'message') return { kind: 'leaf' }
  const identity = identityEncodings.has(transferEncoding(part.header))
  if (!identity) anomalies.add('encoded-composite')
  if (type === 'multipart') return multipartBody(part, field?.bodyOctets ?? '', anomalies)
  // An encoded message has to be decoded before anyone can take it apart: it is a leaf.
  return { kind: identity && (subtype === 'rfc822' || subtype === 'global') ? 'message' : 'leaf' }
}

/** Notes what is wrong with a header as such. `isMessage` says whether it is a message's, not only a part's. */
export function inspectHeader(header: Header, isMessage: boolean, anomalies: Set<MimeAnomaly>): void {
  if (header.truncated) anomalies.add('header-truncated')
  if (!header.ended) anomalies.add('header-unended')
  if (header.hasStrayLines) anomalies.add('header-stray-line')
  if (header.hasEightBit) anomalies.add('header-8bit')
  if (header.all('content-type').length > 1) anomalies.add('duplicate-content-type')
  if (hasDuplicate(header, singleMimeFields)) anomalies.add('duplicate-field')
  if (!knownEncodings.has(transferEncoding(header))) anomalies.add('bad-encoding')
  if (!isMessage) return
  if (header.all('from').length > 1) anomalies.add('duplicate-from')
  if (hasDuplicate(header, singleMessageFields)) anomalies.add('duplicate-field')
}

function multipartBody(part: OpenPart, octets: string, anomalies: Set<MimeAnomaly>): BodyKind {
  const { parameters } = part.contentType
  if (parameters.duplicates.has('boundary')) anomalies.add('duplicate-boundary')
  // Delimiters are compared octet for octet, so a boundary beyond ASCII is taken as it was written.
  const written = eightBit.test(octets) ? parseContentType(octets)?.parameters : parameters
  const boundary = written?.get('boundary')?.replace(/[ \t]+$/, '') ?? ''
  if (boundary !== '' && boundary.length <= MAX_BOUNDARY) return { kind: 'multipart', boundary }
  anomalies.add('missing-boundary')
  return { kind: 'leaf' }
}

function hasDuplicate(header: Header, names: readonly string[]): boolean {
  return names.some((name) => header.all(name).length > 1)
}

function knownType(text: string): ContentType {
  const parsed = parseContentType(text)
  if (parsed === undefined) throw new TypeError(`not a media type: ${text}`)
  return parsed
}
