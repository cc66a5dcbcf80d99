import { isAscii } from 'node:buffer'
import { type Address, formatAddress, needsSmtpUtf8 } from '../model/address/address.ts'
import type { BatchItem } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import { type Reply, reply } from '../model/reply.ts'
import { crlfLines } from './crlf-lines.ts'
import type { Envelope } from './envelope.ts'
import { originalRecipientWord } from './original-recipient.ts'
import type { EhloKeywords } from './reply-reader.ts'
import { isSevenBit, sevenBitContent, sizeOf } from './seven-bit.ts'
import { xtext } from './xtext.ts'

// RFC 3463 §3.4: 5.3.4 is "message too big for system"; §3.7: 5.6.3 "conversion required but not supported", and RFC 6531
// §3.5 has 5.6.7 for addresses that would need it. RFC 8689 §7: 5.7.30 is "REQUIRETLS support required".
const tooLarge = reply(552, '5.3.4', 'The message is larger than the next host takes')
const noEightBit = reply(
  554,
  '5.6.3',
  'The message has 8-bit octets that cannot be encoded, in a signed part for instance, and the next host takes none',
)
const noUnicode = reply(550, '5.6.7', 'The message needs SMTPUTF8, and the next host does not have it')
const noRequireTls = reply(
  550,
  '5.7.30',
  'The message is only to go on under TLS to hosts that promise the same, and the next host does not',
)

/** What a mail transaction says for an envelope, by SMTP or LMTP. */
export interface TransactionCommands {
  readonly mail: string
  readonly recipients: readonly string[]
  /** The message goes by BDAT (RFC 3030 §2). */
  readonly isChunked: boolean
  /** The message as this host takes it; of lines, where it is chunked. */
  octets(): AsyncIterable<Buffer>
}

/** What is known of a host beside its extensions, and wanted of it. */
export interface HostManner {
  /** How a message comes there: within this machine, under TLS to a host that has proven to be the right one, or otherwise. */
  readonly way: 'local' | 'proven' | 'open'
  /** Whether it goes by BDAT where CHUNKING is offered; `needed`: only what cannot go by DATA. */
  readonly chunking: 'never' | 'needed' | 'wanted'
}

/** The commands for a host with these extensions, or why the message cannot be given to it. */
export async function transactionCommands(
  envelope: Envelope,
  extensions: EhloKeywords,
  { way, chunking }: HostManner,
): Promise<TransactionCommands | Reply> {
  const { message, parameters, reversePath } = envelope
  const largest = Number(extensions.get('SIZE') ?? 0)
  if (largest > 0 && message.size > largest) return tooLarge
  if (parameters.requireTls === true && !mayHave(envelope, extensions, way)) return noRequireTls
  if (needsUnicode(envelope) && !extensions.has('SMTPUTF8')) return noUnicode
  const body = await bodyOf(envelope, extensions, chunking)
  const octets = body.isConverted ? await sevenBitContent(message) : () => message.content.stream()
  if (octets === undefined) return noEightBit
  // RFC 1870 §6.1: of the message as it is sent.
  const size = body.isConverted && extensions.has('SIZE') ? await sizeOf(octets()) : message.size
  if (largest > 0 && size > largest) return tooLarge
  const isBinary = body.word === 'BINARYMIME'
  const isChunked = extensions.has('CHUNKING') && (chunking === 'wanted' || isBinary)
  const words = mailWords(envelope, extensions, { size, word: body.word })
  return {
    mail: [`MAIL FROM:<${path(reversePath)}>`, ...words].join(' '),
    recipients: envelope.items.map((item) =>
      [
        `RCPT TO:<${path(item.route.address)}>`,
        ...recipientWords(item, extensions, words.includes('SMTPUTF8')),
      ].join(' '),
    ),
    isChunked,
    octets: isChunked && !isBinary ? () => crlfLines(octets()) : octets,
  }
}

/**
 * Whether a host may have what asks for TLS on all of the way (RFC 8689 §4.2.1). What has the null reverse-path is not to be lost because
 * it promises nothing for the way behind it (§5).
 */
function mayHave({ reversePath }: Envelope, extensions: EhloKeywords, way: HostManner['way']): boolean {
  if (way !== 'proven') return way === 'local'
  return reversePath === null || extensions.has('REQUIRETLS')
}

interface Body {
  /** Of MAIL (RFC 6152, RFC 3030 §3); undefined: 7 bits, or nobody asked. */
  readonly word: '8BITMIME' | 'BINARYMIME' | undefined
  /** The host cannot have it as it is. */
  readonly isConverted: boolean
}

async function bodyOf(
  { message, parameters }: Envelope,
  extensions: EhloKeywords,
  chunking: HostManner['chunking'],
): Promise<Body> {
  if (parameters.body === 'BINARYMIME') {
    const isTaken = chunking !== 'never' && extensions.has('BINARYMIME') && extensions.has('CHUNKING')
    return { word: isTaken ? 'BINARYMIME' : undefined, isConverted: !isTaken }
  }
  if (!extensions.has('8BITMIME')) return { word: undefined, isConverted: await hasEightBitBody(message) }
  const hasEightBit = parameters.body === '8BITMIME' || !(await isSevenBit(message.content))
  return { word: hasEightBit ? '8BITMIME' : undefined, isConverted: false }
}

/** What the sender has declared says nothing of the octets, and what stands in the header stays as it is. */
async function hasEightBitBody(message: Message): Promise<boolean> {
  if (await isSevenBit(message.content)) return false
  const { root } = await message.structure()
  return !(await isSevenBit(message.content, root.bodyStart))
}

function path(address: Address | null | undefined): string {
  return address === null || address === undefined ? '' : formatAddress(address)
}

function mailWords(
  { parameters, ...envelope }: Envelope,
  extensions: EhloKeywords,
  { size, word }: Pick<Body, 'word'> & { readonly size: number },
): readonly string[] {
  const { ret, envelopeId, requireTls, smtpUtf8 } = parameters
  const isUnicode = smtpUtf8 === true || hasUnicodeAddress(envelope)
  return [
    extensions.has('SIZE') && `SIZE=${size}`,
    word !== undefined && `BODY=${word}`,
    extensions.has('SMTPUTF8') && isUnicode && 'SMTPUTF8',
    extensions.has('DSN') && ret !== undefined && `RET=${ret}`,
    extensions.has('DSN') && envelopeId !== undefined && envelopeIdWord(envelopeId),
    requireTls === true && extensions.has('REQUIRETLS') && 'REQUIRETLS',
  ].filter((word) => word !== false)
}

/** RFC 3461 §4.4: printable ASCII, and 100 characters as they are written. What is longer goes on without it. */
function envelopeIdWord(envelopeId: string): string | false {
  const written = xtext(envelopeId)
  return isAscii(Buffer.from(envelopeId)) && written.length <= 100 && `ENVID=${written}`
}

/** RFC 3461 §5.2.1: what the sender wants to know goes on; where it did not say whom it meant, that is the forward-path. */
function recipientWords(
  { parameters, recipient }: BatchItem,
  extensions: EhloKeywords,
  hasSmtpUtf8: boolean,
): readonly string[] {
  if (!extensions.has('DSN')) return []
  const { notify, originalRecipient } = parameters
  const original =
    originalRecipient ?? (needsSmtpUtf8(recipient) ? undefined : `rfc822;${formatAddress(recipient)}`)
  return [
    notify !== undefined && notify.length > 0 && `NOTIFY=${notify.join(',')}`,
    original !== undefined && originalRecipientWord(original, hasSmtpUtf8),
  ].filter((word) => typeof word === 'string')
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
