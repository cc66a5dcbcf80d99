import type { MessageSummary } from '../model/summary.ts'
import { envelopeText } from './envelope-text.ts'
import { FieldSelection } from './field-selection.ts'
import type { ImapForm } from './imap-string.ts'
import { keptBodyStructure, keptEnvelope, keptHeader } from './stored-summary.ts'
import { structureText } from './structure-text.ts'

const beyondAscii = /[^\x00-\x7f]/
// Encoded parameters and message/global as well, which only RFC 9051 §7.5.2 has in another form.
const otherInRev2 = /[^\x00-\x7f]|\*" |"global"/

/**
 * A message's ENVELOPE (RFC 9051 §7.5.2), one character an octet. Summaries keep it ready: usually it costs no more than
 * reading it.
 */
export function imapEnvelope(summary: Pick<MessageSummary, 'header'>, form: ImapForm = 'ascii'): string {
  const kept = keptEnvelope(summary)
  if (kept !== undefined && (form === 'ascii' || !beyondAscii.test(kept))) return kept
  return envelopeText(summary.header, form)
}

/** A message's BODYSTRUCTURE (RFC 9051 §7.5.2), one character an octet; kept ready as well. */
export function imapBodyStructure(
  summary: Pick<MessageSummary, 'structure'>,
  form: ImapForm = 'ascii',
): string {
  const kept = keptBodyStructure(summary)
  const other = form === 'rev2' ? otherInRev2 : beyondAscii
  if (kept !== undefined && (form === 'ascii' || !other.test(kept))) return kept
  return structureText(summary.structure, { form, isExtended: true })
}

/** A message's BODY without a section: the same without extension data. */
export function imapBody(summary: Pick<MessageSummary, 'structure'>, form: ImapForm = 'ascii'): string {
  return structureText(summary.structure, { form, isExtended: false })
}

/**
 * What BODY[HEADER.FIELDS (…)] of messages is (RFC 9051 §6.4.5.1), one character an octet, from their summaries alone.
 * Names are compared without regard to case. Undefined where summaries do not have such fields; the function answers so
 * for messages where they are too large.
 */
export function imapHeaderFields(names: Iterable<string>): HeaderFieldsText | undefined {
  const selection = new FieldSelection(names)
  return selection.isKept ? (summary) => selection.of(keptHeader(summary)) : undefined
}

/** See `imapHeaderFields`. */
export type HeaderFieldsText = (summary: Pick<MessageSummary, 'header' | 'omitted'>) => string | undefined
