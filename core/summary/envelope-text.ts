import { parseAddressList } from '../model/address/address-list.ts'
import type { Header } from '../model/header/header-fields.ts'
import { headerNstring, headerString, type ImapForm } from './imap-string.ts'
import { plainAddresses } from './plain-addresses.ts'

// So many addresses in the usual forms are read of a list, and up to 1,000 of what comes behind them. Nobody writes more.
const mostPlain = 10_000

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
  const { text, end } = plainAddresses(body, mostPlain)
  const list = end === body.length ? text : text + otherAddresses(body.slice(end), form)
  return list === '' ? undefined : `(${list})`
}

function otherAddresses(list: string, form: ImapForm): string {
  let text = ''
  for (const entry of parseAddressList(list).entries) {
    if (entry.kind === 'group-end') text += '(NIL NIL NIL NIL)'
    else if (entry.kind === 'group-start') text += `(NIL NIL ${headerString(entry.displayName, form)} NIL)`
    else {
      const [name, route] = [orNil(entry.displayName, form), orNil(entry.sourceRoute, form)]
      text += `(${name} ${route} ${headerString(entry.localPart, form)} ${headerString(entry.domain, form)})`
    }
  }
  return text
}

function orNil(octets: string, form: ImapForm): string {
  return octets === '' ? 'NIL' : headerString(octets, form)
}
