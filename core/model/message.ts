import type { ParsedMail } from 'mailparser'
import type { Content } from './content.ts'
import type { Header } from './header/header.ts'
import type { MessageStructure } from './mime/mime.ts'

/**
 * A message as every plugin sees it: immutable octets, the header, and one MIME tree with octet offsets that the
 * filters, recipes, IMAP and webmail all read, so that no two of them can disagree on what the message contains.
 */
export interface Message {
  /** The octets as received, with the trace fields put on top, lines ended by CRLF. */
  readonly content: Content
  /** Octets; the same as `content.size`. */
  readonly size: number
  /** The header's fields in their order. */
  readonly header: Header
  /** The MIME tree, scanned once when first asked for. Never throws for what the message contains. */
  structure(): Promise<MessageStructure>
  /**
   * mailparser's view, for plugins that want convenience. Costs about twenty times the scan and needs the message in
   * memory: messages above `limit` octets (default 4 MiB) are refused with MAIL_E_UNSUPPORTED.
   */
  parsed(limit?: number): Promise<ParsedMail>
}
