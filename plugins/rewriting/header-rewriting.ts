import {
  type Address,
  addressSpans,
  editFault,
  formatAddress,
  type HeaderField,
  type Message,
  type MessageEdit,
  parseAddressList,
} from 'mailwright'

/** Fields with addresses of senders, and with those of recipients. */
const senderFields = new Set([
  'from',
  'sender',
  'reply-to',
  'errors-to',
  'disposition-notification-to',
  'mail-followup-to',
  'return-receipt-to',
  'resent-from',
  'resent-sender',
  'resent-reply-to',
])
const recipientFields = new Set(['to', 'cc', 'bcc', 'apparently-to', 'resent-to', 'resent-cc', 'resent-bcc'])

/** What is made of one address of a header: another, itself, or undefined for "leave it as it is written". */
export type RewriteAddress = (
  localPart: string,
  domain: string | undefined,
  place: 'header-sender' | 'header-recipient',
) => Promise<Address | undefined>

/** Addresses of one message that are looked at. */
const mostAddresses = 10_000

/**
 * The edits that change addresses of a header: only fields that need it, and in these nothing but the addresses. Folds,
 * comments, display names and encoded words stay octet for octet.
 */
export async function headerEdits(
  message: Message,
  rewrite: RewriteAddress,
): Promise<readonly MessageEdit[]> {
  const counts = new Map<string, number>()
  const edits: MessageEdit[] = []
  let looked = 0
  for (const field of message.header.fields) {
    const name = field.name.toLowerCase()
    const place = senderFields.has(name)
      ? 'header-sender'
      : recipientFields.has(name)
        ? 'header-recipient'
        : undefined
    if (place === undefined) continue
    const occurrence = (counts.get(name) ?? 0) + 1
    counts.set(name, occurrence)
    const written = writtenValue(field)
    if (written === undefined) continue
    const spans = addressSpans(written)
    looked += spans.length
    if (looked > mostAddresses) break
    const value = await replaced(written, spans, (localPart, domain) => rewrite(localPart, domain, place))
    if (value === written) continue
    const edit: MessageEdit = { kind: 'change-field', name: field.name, occurrence, value }
    // A field that nobody could write again as it is stays as it is.
    if (editFault(edit) === undefined && sameCount(written, value)) edits.push(edit)
  }
  return edits
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What stands behind the colon and its space, folds and all; undefined where the octets are no UTF-8. */
function writtenValue(field: HeaderField): string | undefined {
  try {
    const text = utf8.decode(field.raw)
    return text
      .slice(text.indexOf(':') + 1)
      .replace(/^ /, '')
      .replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

async function replaced(
  text: string,
  spans: ReturnType<typeof addressSpans>,
  rewrite: (localPart: string, domain: string | undefined) => Promise<Address | undefined>,
): Promise<string> {
  let result = ''
  let at = 0
  for (const { start, end, localPart, domain } of spans) {
    const address = await rewrite(localPart, domain)
    const written = text.slice(start, end)
    result += text.slice(at, start) + (address === undefined ? written : respelt(written, address))
    at = end
  }
  return result + text.slice(at)
}

/** The address as it was written, where it is the same but for the spelling: a signature may be over it. */
function respelt(written: string, address: Address): string {
  const formatted = formatAddress(address)
  return parseAddressList(written).mailboxes.some(
    (one) => one.address && formatAddress(one.address) === formatted,
  )
    ? written
    : formatted
}

/** Whether every reader finds as many addresses as before: nothing that we take for one may be another's two. */
function sameCount(before: string, after: string): boolean {
  const count = (text: string) => parseAddressList(text).mailboxes.length
  return count(before) === count(after)
}
