// For plugins that hand messages to another server by SMTP or LMTP. Imported as `mailwright/smtp-client`.
export { crlfLines } from './crlf-lines.ts'
export { type DataChunk, dataChunks } from './data-chunks.ts'
export { dotStuffed } from './dot-stuffing.ts'
export { type Envelope, envelopesOf } from './envelope.ts'
export { longestAnswer } from './longest-answer.ts'
export {
  isTooManyRecipients,
  type RefusalMeaning,
  type RefusalStep,
  refusalMeaning,
} from './refusal.ts'
export {
  type EhloKeywords,
  ehloKeywords,
  type ReplyFaultKind,
  ReplyReadError,
  readReply,
} from './reply-reader.ts'
export { type HostManner, type TransactionCommands, transactionCommands } from './transaction-commands.ts'
export { xtext } from './xtext.ts'
