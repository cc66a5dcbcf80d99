import type { ImapSearchKey, ImapWords } from 'mailwright/imap'

/** Looks in the header fields of a name, as they read when decoded. */
const inField =
  (field: string): ImapSearchKey =>
  (parser) => {
    parser.args.space()
    const text = parser.text()
    return () => ({ kind: 'header', field, text })
  }

/** Looks in bodies, or everywhere. */
const inMessage =
  (kind: 'body' | 'text'): ImapSearchKey =>
  (parser) => {
    parser.args.space()
    const text = parser.text()
    return () => ({ kind, text })
  }

/** Keys about what a message says (RFC 9051 §6.4.4). */
export const textKeys: ImapWords<ImapSearchKey> = {
  BCC: inField('Bcc'),
  CC: inField('Cc'),
  FROM: inField('From'),
  SUBJECT: inField('Subject'),
  TO: inField('To'),
  HEADER: (parser) => {
    parser.args.space()
    const field = parser.args.astring()
    return inField(field)(parser)
  },
  BODY: inMessage('body'),
  TEXT: inMessage('text'),
}
