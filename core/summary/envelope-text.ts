import { parseAddressList } from '../model/address-list.ts'
import type { Header } from '../model/header-fields.ts'
import { headerNstring, headerString, type ImapForm } from './imap-string.ts'
import { plainAddressList } from './plain-address-list.ts'

// A list is read so far; the recipients of one message in a mailbox are fewer.
const mostAddresses = 10_000

/**
 * The ENVELOPE that a header gives (RFC 9051 §7.5.2), one character an octet. Encoded words are left as they are; of
 * fields that may stand once, the first counts; addresses without a domain have an empty one, as NIL would make them a
 * group.
 */
export function envelopeText(header: Header, form: ImapForm): string {
  const from = addresses(header, 'from', form) ?? 'NIL'
  const people = [
    from,
    addresses(header, 'sender', form) ?? from,
    addresses(header, 'reply-to', form) ?? from,
    addresses(header, 'to', form) ?? 'NIL',
    addresses(header, 'cc', form) ?? 'NIL',
    addresses(header, 'bcc', form) ?? 'NIL',
  ]
  const [date, subject] = [text(header, 'date', form), text(header, 'subject', form)]
  return `(${date} ${subject} ${people.join(' ')} ${text(header, 'in-reply-to', form)} ${text(header, 'message-id', form)})`
}

/** That of a message of which nothing is known. */
export const emptyEnvelope = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'

function text(header: Header, name: string, form: ImapForm): string {
  return headerNstring(header.first(name)?.bodyOctets, form)
}

/** The addresses of all fields of a name; undefined where they name nobody. */
function addresses(header: Header, name: string, form: ImapForm): string | undefined {
  const fields = header.all(name)
  if (fields.length === 0) return undefined
  const body = fields.map((field) => field.bodyOctets).join(', ')
  return plainAddressList(body, mostAddresses) ?? anyAddressList(body, form)
}

function anyAddressList(body: string, form: ImapForm): string | undefined {
  const { entries } = parseAddressList(body, { limit: mostAddresses })
  if (entries.length === 0) return undefined
  let list = '('
  for (const entry of entries) {
    if (entry.kind === 'group-end') list += '(NIL NIL NIL NIL)'
    else if (entry.kind === 'group-start') list += `(NIL NIL ${headerString(entry.displayName, form)} NIL)`
    else {
      const [name, route] = [orNil(entry.displayName, form), orNil(entry.sourceRoute, form)]
      list += `(${name} ${route} ${headerString(entry.localPart, form)} ${headerString(entry.domain, form)})`
    }
  }
  return `${list})`
}

function orNil(octets: string, form: ImapForm): string {
  return octets === '' ? 'NIL' : headerString(octets, form)
}
