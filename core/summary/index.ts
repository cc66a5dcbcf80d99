export type { ImapForm } from './imap-string.ts'
export { imapString } from './imap-string.ts'
export {
  type HeaderFieldsText,
  imapBody,
  imapBodyStructure,
  imapEnvelope,
  imapHeaderFields,
} from './imap-texts.ts'
export { Pacer } from './pacer.ts'
export { decodeSummary, encodeSummary, withUid } from './stored-summary.ts'
export { Summariser, summarise } from './summariser.ts'
export { isSummaryField } from './summary-fields.ts'
