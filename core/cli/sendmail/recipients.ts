import { findHeaderSection, type HeaderSection } from '../../message/header-section.ts'
import { formatAddress, parseAddress } from '../../model/address.ts'
import { type ListedMailbox, parseAddressList } from '../../model/address-list.ts'
import { addressSpans } from '../../model/address-spans.ts'
import { parseHeader } from '../../model/header.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'

/** Recipients of one list at most. */
const mostRecipients = 200_000
/** Octets of a header at most; the server reads no more either. */
const longestHeader = 1_048_576

/** A message whose header has come. */
export interface BegunMessage {
  /** What has been read so far, the header included. */
  readonly octets: Buffer
  readonly section: HeaderSection
  /** The rest. */
  readonly rest: AsyncIterator<Buffer>
}

/** Reads a message until its header is there, for `-t`. EX_DATAERR for one that goes on for ever. */
export async function readHeaderFirst(text: AsyncIterable<Buffer>): Promise<BegunMessage> {
  const rest = text[Symbol.asyncIterator]()
  let octets: Buffer = Buffer.alloc(0)
  for (;;) {
    const { value, done } = await rest.next()
    if (done !== true) octets = Buffer.concat([octets, value])
    const section = findHeaderSection(octets, done === true)
    if ((section?.fields ?? octets.length) > longestHeader)
      throw new SendmailError(exitCodes.data, `the header is longer than ${longestHeader} octets`)
    if (section !== undefined) return { octets, section, rest }
  }
}

/**
 * The recipients that a header names (`-t`): To, Cc and Bcc; where there is a Resent- field, those of the Resent- fields alone
 * (RFC 5322 §3.6.6), as the message went to the others before.
 */
export function recipientsOfHeader({ octets, section }: BegunMessage): readonly string[] {
  const header = parseHeader(octets.subarray(0, section.fields), {
    octets: longestHeader,
    fields: longestHeader,
  })
  const isResent = header.names.some((name) => name.startsWith('resent-'))
  return ['to', 'cc', 'bcc'].flatMap((name) =>
    header.all(isResent ? `resent-${name}` : name).flatMap(({ body }) => recipientsOfList(body)),
  )
}

/** The recipients in a list such as `jo, Anna <anna@example.org>`: addresses, names without a domain, and what is neither. */
export function recipientsOfList(text: string): readonly string[] {
  const { mailboxes, truncated } = parseAddressList(text, { limit: mostRecipients })
  if (truncated) throw new SendmailError(exitCodes.data, `there are more than ${mostRecipients} recipients`)
  // Names without a domain, the quoted ones among them, which only their place in the text tells from broken addresses.
  const names = addressSpans(text).filter(({ domain }) => domain === undefined)
  const whole = new Set(names.map(({ localPart }) => localPart))
  return mailboxes.map((mailbox) => recipientText(mailbox, whole))
}

function recipientText(mailbox: ListedMailbox, names: ReadonlySet<string>): string {
  const { address, localPart, domain } = mailbox
  if (address !== undefined) return formatAddress(address)
  if (domain !== '') return `${localPart}@${domain}`
  return names.has(localPart) ? formatAddress({ localPart, domain: '' }) : localPart
}

/** Whether it is an address, or a name that a domain makes one. */
function isWellFormed(text: string): boolean {
  return parseAddress(text) !== undefined || parseAddress(`${text}@local.invalid`) !== undefined
}

/** The recipients, each once. EX_NOUSER where there are none, EX_DATAERR where not one of them is an address. */
export function checkedRecipients(recipients: readonly string[], where: string): readonly string[] {
  const unique = [...new Set(recipients)]
  if (unique.length === 0) throw new SendmailError(exitCodes.noRecipient, `there is no recipient ${where}`)
  if (unique.some(isWellFormed)) return unique
  throw new SendmailError(exitCodes.data, `"${unique[0]?.slice(0, 100)}" is no address`)
}

/** One sender as written, `Jo <jo@example.org>` too; empty for the null reverse-path. EX_DATAERR for anything else. */
export function senderOf(text: string): string {
  if (text === '' || text === '<>') return ''
  const [sender, ...others] = recipientsOfList(text)
  if (sender !== undefined && others.length === 0 && isWellFormed(sender)) return sender
  throw new SendmailError(exitCodes.data, `the sender "${text.slice(0, 100)}" is no address`)
}
