import { isAscii } from 'node:buffer'
import {
  type Address,
  type BatchItem,
  crlfLines,
  type EhloKeywords,
  formatAddress,
  needsSmtpUtf8,
  type Reply,
  reply,
  signedPart,
} from 'mailwright'
import type { Envelope } from './envelope.ts'
import { isSevenBit, sevenBitContent } from './seven-bit.ts'

// RFC 3463 §3.4: 5.3.4 is "message too big for system"; §3.7: 5.6.3 "conversion required but not supported", and RFC 6531
// §3.5 has 5.6.7 for addresses that would need it. RFC 8689 §7: 5.7.30 is "REQUIRETLS support required".
const tooLarge = reply(552, '5.3.4', 'The message is larger than the next host takes')
const noEightBit = reply(
  554,
  '5.6.3',
  'The message has 8-bit octets in a signed part, and the next host takes none',
)
const noUnicode = reply(550, '5.6.7', 'The message needs SMTPUTF8, and the next host does not have it')
const noRequireTls = reply(
  550,
  '5.7.30',
  'The message is only to go on under TLS to hosts that promise the same, and the next host does not',
)

/** What a transaction says for an envelope. */
export interface Commands {
  readonly mail: string
  readonly recipients: readonly string[]
  /** The message goes by BDAT (RFC 3030 §2). */
  readonly isChunked: boolean
  /** The message as this host takes it; of lines, where it is chunked. */
  octets(): AsyncIterable<Buffer>
}

/** What is known of a host beside its extensions, and wanted of it. */
export interface HostManner {
  readonly isProven: boolean
  readonly chunking: boolean
}

/** The commands for a host with these extensions, or why the message cannot be given to it. */
export async function commandsFor(
  envelope: Envelope,
  extensions: EhloKeywords,
  { isProven, chunking }: HostManner,
): Promise<Commands | Reply> {
  const { message, parameters, reversePath } = envelope
  const largest = Number(extensions.get('SIZE') ?? 0)
  if (largest > 0 && message.size > largest) return tooLarge
  if (parameters.requireTls === true && !(isProven && extensions.has('REQUIRETLS'))) return noRequireTls
  if (needsUnicode(envelope) && !extensions.has('SMTPUTF8')) return noUnicode
  const body = await bodyOf(envelope, extensions)
  const octets = body.isConverted ? await sevenBitContent(message) : () => message.content.stream()
  if (octets === signedPart) return noEightBit
  const isBinary = body.word === 'BINARYMIME'
  const isChunked = extensions.has('CHUNKING') && (chunking || isBinary)
  return {
    mail: [`MAIL FROM:<${path(reversePath)}>`, ...mailWords(envelope, extensions, body.word)].join(' '),
    recipients: envelope.items.map((item) =>
      [`RCPT TO:<${path(item.route.address)}>`, ...recipientWords(item, extensions)].join(' '),
    ),
    isChunked,
    octets: isChunked && !isBinary ? () => crlfLines(octets()) : octets,
  }
}

interface Body {
  /** Of MAIL (RFC 6152, RFC 3030 §3); undefined: 7 bits, or nobody asked. */
  readonly word: '8BITMIME' | 'BINARYMIME' | undefined
  /** The host cannot have it as it is. */
  readonly isConverted: boolean
}

async function bodyOf({ message, parameters }: Envelope, extensions: EhloKeywords): Promise<Body> {
  if (parameters.body === 'BINARYMIME') {
    const isTaken = extensions.has('BINARYMIME') && extensions.has('CHUNKING')
    return { word: isTaken ? 'BINARYMIME' : undefined, isConverted: !isTaken }
  }
  const hasEightBit =
    parameters.body === '8BITMIME' || message.header.hasEightBit || !(await isSevenBit(message.content))
  if (!hasEightBit) return { word: undefined, isConverted: false }
  const isTaken = extensions.has('8BITMIME')
  return { word: isTaken ? '8BITMIME' : undefined, isConverted: !isTaken }
}

function path(address: Address | null | undefined): string {
  return address === null || address === undefined ? '' : formatAddress(address)
}

function mailWords(
  { message, parameters, ...envelope }: Envelope,
  extensions: EhloKeywords,
  body: Body['word'],
): readonly string[] {
  const { ret, envelopeId, requireTls, smtpUtf8 } = parameters
  const isUnicode = smtpUtf8 === true || message.header.hasEightBit || hasUnicodeAddress(envelope)
  return [
    extensions.has('SIZE') && `SIZE=${message.size}`,
    body !== undefined && `BODY=${body}`,
    extensions.has('SMTPUTF8') && isUnicode && 'SMTPUTF8',
    extensions.has('DSN') && ret !== undefined && `RET=${ret}`,
    extensions.has('DSN') &&
      envelopeId !== undefined &&
      isAscii(Buffer.from(envelopeId)) &&
      `ENVID=${xtext(envelopeId)}`,
    requireTls === true && 'REQUIRETLS',
  ].filter((word) => word !== false)
}

/** RFC 3461 §5.2.1: what the sender wants to know goes on; where it did not say whom it meant, that is the forward-path. */
function recipientWords({ parameters, recipient }: BatchItem, extensions: EhloKeywords): readonly string[] {
  if (!extensions.has('DSN')) return []
  const { notify, originalRecipient } = parameters
  const original =
    originalRecipient ?? (needsSmtpUtf8(recipient) ? undefined : `rfc822;${formatAddress(recipient)}`)
  return [
    notify !== undefined && notify.length > 0 && `NOTIFY=${notify.join(',')}`,
    original !== undefined && isAscii(Buffer.from(original)) && `ORCPT=${originalOf(original)}`,
  ].filter((word) => word !== false)
}

/** RFC 3461 §4.2: the type stays, the address is xtext. */
function originalOf(original: string): string {
  const end = original.indexOf(';') + 1
  return `${original.slice(0, end)}${xtext(original.slice(end))}`
}

/** RFC 3461 §4 */
function xtext(text: string): string {
  return text.replaceAll(
    /[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g,
    (character) => `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Whether it can only go where SMTPUTF8 is (RFC 6531 §3.2). Octets in a header that nobody announced go as they are. */
function needsUnicode(envelope: Envelope): boolean {
  const { parameters, message } = envelope
  return hasUnicodeAddress(envelope) || (parameters.smtpUtf8 === true && message.header.hasEightBit)
}

function hasUnicodeAddress({ items, reversePath }: Pick<Envelope, 'items' | 'reversePath'>): boolean {
  const addresses = items.map(({ route }) => route.address)
  return addresses.some(isUnicode) || (reversePath !== null && isUnicode(reversePath))
}

function isUnicode(address: Address | undefined): boolean {
  return address !== undefined && needsSmtpUtf8(address)
}
