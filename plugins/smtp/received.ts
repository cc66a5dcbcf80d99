import { type Address, canonicalDomain, formatAddress, formatDate, type Session } from 'mailwright'

/** What a Received field tells. */
export interface TraceFacts {
  readonly session: Session
  /** The name of the client's address, where DNS knows one; checked. */
  readonly clientName: string | undefined
  /** This server's name. */
  readonly hostname: string
  /** The queue id. */
  readonly id: string
  /** Whether the message came with SMTPUTF8. */
  readonly smtpUtf8: boolean
  /** Of the accepted recipients. */
  readonly recipients: readonly Address[]
  readonly date: Date
}

/**
 * The trace field of this hop (RFC 5321 §4.4), folded, with its last CRLF. Whatever the client chose itself is checked
 * or cleaned, so that it cannot end the field, or say what only we may say in it.
 */
export function receivedField(facts: TraceFacts): string {
  const { session, clientName, hostname, id, recipients, date } = facts
  const [only, ...others] = recipients
  // RFC 5321 §7.2: naming one of several recipients would tell the others.
  const forClause = only !== undefined && others.length === 0 ? `\r\n\tfor <${formatAddress(only)}>` : ''
  const tls =
    session.tls === undefined ? '' : `\r\n\t(${commentText(`${session.tls.version} ${session.tls.cipher}`)})`
  return (
    `Received: ${fromClause(session, clientName)}${tls}\r\n` +
    `\tby ${hostname} with ${protocol(facts)}\r\n\tid ${id}${forClause};\r\n\t${formatDate(date)}\r\n`
  )
}

function fromClause({ hello, remote }: Session, clientName: string | undefined): string {
  const literal = addressLiteral(remote.address)
  const place = literal ?? (remote.address.startsWith('/') ? 'Unix socket' : 'unknown')
  const known = clientName === undefined ? place : `${clientName} ${place}`
  const said = hello?.name ?? ''
  const name = canonicalDomain(said)
  if (name !== undefined) return `from ${name} (${known})`
  const greeting = `HELO ${commentText(said) || 'without a name'}`
  return literal === undefined ? `from localhost (${greeting}, ${known})` : `from ${literal} (${greeting})`
}

/** RFC 5321 §4.1.3; `[IPv6:…]` for IPv6. Undefined for what is no IP address, such as the path of a Unix socket. */
function addressLiteral(address: string): string | undefined {
  return canonicalDomain(address.includes(':') ? `[IPv6:${address}]` : `[${address}]`)
}

/** Text fit for a comment: printable ASCII without parentheses and backslashes, at most 200 characters. */
function commentText(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]|[()\\]/g, '?')
}

/** The keyword of RFC 3848, or of RFC 6531 §4.3 for a message with SMTPUTF8. HELO knows neither TLS nor a login. */
function protocol({ session, smtpUtf8 }: TraceFacts): string {
  if (session.hello?.extended !== true) return 'SMTP'
  const isLmtp = session.role === 'lmtp'
  const secured = session.tls === undefined ? '' : 'S'
  const loggedIn = session.account === undefined ? '' : 'A'
  const name = smtpUtf8 ? `UTF8${isLmtp ? 'LMTP' : 'SMTP'}` : isLmtp ? 'LMTP' : 'ESMTP'
  return `${name}${secured}${loggedIn}`
}
