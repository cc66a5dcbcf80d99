import type { ImapOutput } from 'mailwright/imap'
import type { Annotation } from './entries.ts'

/** A METADATA response without `* ` and line end (RFC 5464 §4.4.1). An empty mailbox is the server. */
export function metadataResponse(
  out: ImapOutput,
  mailbox: string,
  annotations: readonly Annotation[],
): string {
  const pairs = annotations.map(({ name, value }) => `${out.astring(name)} ${valueText(out, value)}`)
  return `METADATA ${out.mailbox(mailbox)} (${pairs.join(' ')})`
}

/** RFC 5464 §5: nstring, or literal8 for what has NUL in it. */
function valueText(out: ImapOutput, value: Buffer | undefined): string {
  if (value === undefined) return 'NIL'
  const octets = value.toString('latin1')
  if (/^[\x01-\x7f]*$/.test(octets)) return out.string(octets)
  return `${value.includes(0) ? '~' : ''}{${octets.length}}\r\n${octets}`
}
