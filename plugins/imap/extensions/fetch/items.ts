import {
  type ImapForm,
  imapBody,
  imapBodyStructure,
  imapEnvelope,
  type MessageSummary,
  type TextFact,
} from 'mailwright'
import type { ImapFetchAttribute, ImapFetchItem, ImapWords } from 'mailwright/imap'
import { flagsItem } from '../../engine/updates.ts'
import { dateTimeText } from '../../format/strings.ts'
import { binaryItem, binarySize } from './binary-items.ts'
import { bodySection, rfc822Items } from './section-items.ts'

/** An item that needs no more than what is known of every message. */
function simple(text: NonNullable<ImapFetchAttribute['text']>): ImapFetchItem {
  return () => ({ text })
}

/** An item whose text is kept, one for each form that sessions take texts in. */
function kept(write: (message: MessageSummary, form: ImapForm) => string): ImapFetchItem {
  const fact = (form: ImapForm): TextFact => ({ kind: 'text', of: (message) => write(message, form) })
  const facts = { ascii: fact('ascii'), utf8: fact('utf8'), rev2: fact('rev2') }
  return (_args, { form }) => ({ fact: facts[form] })
}

const structure = kept(imapBody)
const section = bodySection(true)
const body: ImapFetchItem = (args, session) => (args.sees('[') ? section : structure)(args, session)

/** What FETCH can ask for (RFC 9051 §6.4.5, RFC 3501 §6.4.5). */
export const fetchItems: ImapWords<ImapFetchItem> = {
  FLAGS: (_args, session) => ({ text: ({ selected, entry }) => flagsItem(session, selected, entry) }),
  UID: simple(({ entry }) => `UID ${entry.uid}`),
  INTERNALDATE: simple(({ entry }) => `INTERNALDATE ${dateTimeText(entry.internalDate)}`),
  'RFC822.SIZE': simple(({ entry }) => `RFC822.SIZE ${entry.size}`),
  ENVELOPE: kept(imapEnvelope),
  BODY: body,
  BODYSTRUCTURE: kept(imapBodyStructure),
  'BODY.PEEK': bodySection(false),
  ...rfc822Items,
  BINARY: binaryItem(true),
  'BINARY.PEEK': binaryItem(false),
  'BINARY.SIZE': binarySize,
}

/** What one word stands for (RFC 9051 §6.4.5). */
export const fetchMacros: ImapWords<readonly string[]> = {
  ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
  FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
  FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
}
