// The mbox format (mboxrd): reading and writing, without locks and without files of its own.
export { type MboxContentSource, type MboxExtent, mboxContent } from './mbox-content.ts'
export {
  formatBase,
  formatMboxFields,
  keywordText,
  type MboxBase,
  type MboxField,
  type MboxFieldName,
  type MboxFieldValues,
  type MboxState,
  mboxState,
  otherLetters,
  statusLetters,
  xStatusLetters,
} from './mbox-fields.ts'
export { type MboxHead, readMboxHead } from './mbox-head.ts'
export { type Postmark, parsePostmark, postmark } from './mbox-postmark.ts'
export { MboxWriter, quoteMbox } from './mbox-quote.ts'
export { type MboxEntry, type MboxSource, type ScanMboxOptions, scanMbox } from './mbox-scanner.ts'
export { type ThunderbirdFieldName, type ThunderbirdState, thunderbirdState } from './mbox-thunderbird.ts'
