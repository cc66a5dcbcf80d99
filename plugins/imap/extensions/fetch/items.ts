import {
  type ImapFetchAttribute,
  type ImapFetchItem,
  type ImapWords,
  imapBody,
  imapBodyStructure,
  imapEnvelope,
} from 'mailwright'
import { dateTimeText } from '../../format/strings.ts'
import { binaryItem, binarySizeItem, sectionItem } from './section-items.ts'

/** An item that needs no more than what is known of every message. */
function simple(text: NonNullable<ImapFetchAttribute['text']>): ImapFetchItem {
  return () => ({ needs: 'entry', text })
}

const body: ImapFetchItem = (args, session) =>
  args.sees('[')
    ? sectionItem('BODY', true)(args, session)
    : { needs: 'summary', text: ({ summary }) => `BODY ${imapBody(summary, session.form)}` }

/** What FETCH can ask for (RFC 9051 §6.4.5, RFC 3501 §6.4.5). */
export const fetchItems: ImapWords<ImapFetchItem> = {
  FLAGS: simple(({ entry }) => `FLAGS (${entry.flags.join(' ')})`),
  UID: simple(({ entry }) => `UID ${entry.uid}`),
  INTERNALDATE: simple(({ entry }) => `INTERNALDATE ${dateTimeText(entry.internalDate)}`),
  'RFC822.SIZE': simple(({ entry }) => `RFC822.SIZE ${entry.size}`),
  ENVELOPE: (_args, session) => ({
    needs: 'summary',
    text: ({ summary }) => `ENVELOPE ${imapEnvelope(summary, session.form)}`,
  }),
  BODY: body,
  BODYSTRUCTURE: (_args, session) => ({
    needs: 'summary',
    text: ({ summary }) => `BODYSTRUCTURE ${imapBodyStructure(summary, session.form)}`,
  }),
  'BODY.PEEK': sectionItem('BODY', false),
  RFC822: sectionItem('RFC822', true),
  'RFC822.HEADER': sectionItem('RFC822.HEADER', false),
  'RFC822.TEXT': sectionItem('RFC822.TEXT', true),
  BINARY: binaryItem(true),
  'BINARY.PEEK': binaryItem(false),
  'BINARY.SIZE': binarySizeItem,
}

/** What one word stands for (RFC 9051 §6.4.5). */
export const fetchMacros: ImapWords<readonly string[]> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
}
