import {
  addressSpans,
  blindFields,
  type Header,
  type HeaderField,
  mailboxFields,
  missingFields,
  parseHeader,
} from 'mailwright'
import { crlf } from './line-ends.ts'

/** What the fields of a message are completed from. */
export interface HeaderFacts {
  readonly hostname: string
  /** The domain of names without one. */
  readonly origin: string
  /** What makes the Message-ID unique, and the same when a message is tried again. */
  readonly id: string
  readonly sender: Parameters<typeof missingFields>[1]['sender']
  readonly displayName: string | undefined
  /** When the message was handed in. */
  readonly date: Date
}

/** What Postfix's cleanup(8) takes out of every message (`message_drop_headers`). */
const droppedFields = new Set([...blindFields, ...mailboxFields])

/** Fields that hold addresses. */
const addressFields = new Set(
  ['from', 'sender', 'reply-to', 'to', 'cc'].flatMap((name) => [name, `resent-${name}`]),
)

/** Reads the fields of a message, as many as there are. */
export function readFields(octets: Buffer): Header {
  return parseHeader(octets, { octets: octets.length + 1, fields: octets.length + 1 })
}

/**
 * The header of a message from a program, as other hosts may see it, with CRLF and the empty line at its end: without Bcc and the like,
 * its names completed to addresses, and with the fields that it lacks (RFC 6409 §8).
 */
export function completedHeader(header: Header, { origin, displayName, ...facts }: HeaderFacts): Buffer {
  const kept = header.fields.filter(({ name }) => !droppedFields.has(name.toLowerCase()))
  const written = kept.map((field) => withLineEnd(crlf(withDomains(field, origin))))
  const missing = missingFields(header, { ...facts, ...(displayName === undefined ? {} : { displayName }) })
  written.splice(placeOfMissing(header, kept), 0, Buffer.from(missing))
  return Buffer.concat([...written, Buffer.from('\r\n')])
}

/** At the end; those of a message that is sent on in front of their fellows, or of everything (RFC 5322 §3.6.6). */
function placeOfMissing(header: Header, kept: readonly HeaderField[]): number {
  const isResent = ({ name }: HeaderField) => name.toLowerCase().startsWith('resent-')
  return header.fields.some(isResent) ? Math.max(0, kept.findIndex(isResent)) : kept.length
}

/** The last field of a message without a body may have no line end. */
function withLineEnd(octets: Buffer): Buffer {
  return octets.at(-1) === 0x0a ? octets : Buffer.concat([octets, Buffer.from('\r\n')])
}

/** The field with a domain behind each name that has none, and nothing else changed. */
function withDomains(field: HeaderField, origin: string): Buffer {
  const { raw } = field
  if (!addressFields.has(field.name.toLowerCase())) return raw
  // One character an octet: domains are ASCII, and everything else stays as it is.
  const text = raw.toString('latin1')
  const bodyStart = text.indexOf(':') + 1
  let written = text.slice(0, bodyStart)
  let at = bodyStart
  for (const { end, domain } of addressSpans(text.slice(bodyStart))) {
    if (domain !== undefined) continue
    written += `${text.slice(at, bodyStart + end)}@${origin}`
    at = bodyStart + end
  }
  return Buffer.from(written + text.slice(at), 'latin1')
}
