import { findHeaderSection, type HeaderSection } from '../../message/header-section.ts'
import { type Address, formatAddress, parseAddress } from '../../model/address/address.ts'
import { type ListedMailbox, parseAddressList } from '../../model/address/address-list.ts'
import { addressSpans } from '../../model/address/address-spans.ts'
import { parseHeader } from '../../model/header/header.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'
import { withCommas } from './spaced-list.ts'

/** Recipients of one list at most. */
const mostRecipients = 200_000
/** Octets of a header at most; the server reads no more either. */
const longestHeader = 1_048_576

const recipientFields = ['to', 'cc', 'bcc']

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
 * The recipients that a header names (`-t`): those of Resent-To, Resent-Cc and Resent-Bcc alone where they name anybody (RFC 5322
 * §3.6.6), as the message went to the others before; else those of To, Cc and Bcc.
 */
export function recipientsOfHeader({ octets, section }: BegunMessage): readonly string[] {
  const header = parseHeader(octets.subarray(0, section.fields), {
    octets: longestHeader,
    fields: longestHeader,
  })
  const recipientsOf = (prefix: string) =>
    recipientFields
      .flatMap((name) => header.all(`${prefix}${name}`))
      .flatMap(({ body }) => recipientsOfList(body))
  const resent = recipientsOf('resent-')
  return resent.length > 0 ? resent : recipientsOf('')
}

/** The recipients in a list such as `jo, Anna <anna@example.org>`: addresses, names without a domain, and what is neither. `<>` is nobody. */
export function recipientsOfList(list: string): readonly string[] {
  const text = withCommas(withoutBackslashes(list))
  const { mailboxes, truncated } = parseAddressList(text, { limit: mostRecipients })
  if (truncated) throw new SendmailError(exitCodes.data, `there are more than ${mostRecipients} recipients`)
  // Names without a domain, the quoted ones among them, which only their place in the text tells from broken addresses.
  const names = addressSpans(text).filter(({ domain }) => domain === undefined)
  const whole = new Set(names.map(({ localPart }) => localPart))
  return mailboxes.map((mailbox) => recipientText(mailbox, whole)).filter((recipient) => recipient !== '')
}

/** `\jo` keeps aliases away in sendmail, and is jo everywhere else; in quotes such a pair means the same (RFC 5322 §3.2.1). */
function withoutBackslashes(list: string): string {
  return list.replaceAll(/\\([\p{L}\p{N}_])|\\./gsu, (pair, word: string | undefined) => word ?? pair)
}

function recipientText(mailbox: ListedMailbox, names: ReadonlySet<string>): string {
  const { localPart, domain } = mailbox
  const address = mailbox.address ?? withoutFinalDot(mailbox)
  if (address !== undefined) return formatAddress(address)
  if (domain !== '') return `${localPart}@${domain}`
  return names.has(localPart) ? formatAddress({ localPart, domain: '' }) : localPart
}

/** A domain may be written with the dot of the root (RFC 1034 §3.1), which has no place in mail. */
function withoutFinalDot({ localPart, domain, isMalformed }: ListedMailbox): Address | undefined {
  if (isMalformed || !domain.endsWith('.')) return undefined
  return parseAddress(formatAddress({ localPart, domain: domain.slice(0, -1) }))
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
