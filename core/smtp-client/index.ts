export { crlfLines } from './crlf-lines.ts'
export { type DataChunk, dataChunks } from './data-chunks.ts'
export { dotStuffed } from './dot-stuffing.ts'
export { longestAnswer } from './longest-answer.ts'
export {
  type EhloKeywords,
  ehloKeywords,
  type ReplyFaultKind,
  ReplyReadError,
  readReply,
} from './reply-reader.ts'
