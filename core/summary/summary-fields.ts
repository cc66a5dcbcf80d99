import type { HeaderField } from '../model/header/header-field.ts'
import type { Header } from '../model/header/header-fields.ts'

// Fields that stations on the way put in for each other. They are most of a header and nobody lists them.
const traceNames: ReadonlySet<string> = new Set([
  'authentication-results',
  'authentication-results-original',
  'dkim-filter',
  'dkim-signature',
  'domainkey-signature',
  'received',
  'received-spf',
  'x-authentication-results',
  'x-authority-analysis',
  'x-received',
])
const tracePrefixes: readonly string[] = [
  'arc-',
  'x-amavis',
  'x-antivirus',
  'x-arc-',
  'x-barracuda',
  'x-exchange-',
  'x-forefront',
  'x-gm-',
  'x-google-',
  'x-ironport',
  'x-microsoft-antispam',
  'x-mimecast',
  'x-ms-',
  'x-originatororg',
  'x-proofpoint',
  'x-rspamd',
  'x-sg-',
  'x-sophos',
  'x-spam',
  'x-virus',
]
// What ENVELOPE and BODYSTRUCTURE are made of (RFC 9051 §7.5.2) is kept whatever its size: they must never be wrong.
const listedNames: ReadonlySet<string> = new Set([
  'bcc',
  'cc',
  'content-description',
  'content-disposition',
  'content-id',
  'content-language',
  'content-location',
  'content-md5',
  'content-transfer-encoding',
  'content-type',
  'date',
  'from',
  'in-reply-to',
  'message-id',
  'reply-to',
  'sender',
  'subject',
  'to',
])
const longestName = 127
const largestField = 8_192
// All others of one header together.
const largestRest = 65_536

/**
 * Whether the summary of a message has the header fields of this name (in any case), unless they are too large (then
 * `omitted` names them). Not kept are fields that only trace a message's way: Received, signatures, verdicts of filters.
 */
export function isSummaryField(name: string): boolean {
  return isKept(name.toLowerCase())
}

/** Which fields of a header are kept, and the names of those that are too large. */
export interface KeptFields {
  readonly fields: readonly HeaderField[]
  /** In lower case, each once. */
  readonly omitted: readonly string[]
}

/** Chooses the fields of a message's header that its summary keeps. */
export function keptFields(header: Header): KeptFields {
  return keep(header, isKept)
}

/** Chooses the fields of a part's header that count (RFC 2046 §5.1): those of MIME. */
export function mimeFields(header: Header): KeptFields {
  return keep(header, (name) => name.startsWith('content-') && name.length <= longestName)
}

function isKept(name: string): boolean {
  if (name === '' || name.length > longestName || traceNames.has(name)) return false
  return !((name.startsWith('x-') || name.startsWith('arc-')) && isTracePrefixed(name))
}

function isTracePrefixed(name: string): boolean {
  return tracePrefixes.some((prefix) => name.startsWith(prefix))
}

function keep(header: Header, isWanted: (name: string) => boolean): KeptFields {
  const fields: HeaderField[] = []
  const omitted = new Set<string>()
  let room = largestRest
  for (const field of header.fields) {
    const name = field.name.toLowerCase()
    if (!isWanted(name)) continue
    if (!listedNames.has(name)) {
      const size = field.end - field.start
      if (size > largestField || size > room) {
        omitted.add(name)
        continue
      }
      room -= size
    }
    fields.push(field)
  }
  return { fields, omitted: [...omitted] }
}
