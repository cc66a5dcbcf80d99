export { dotStuffed } from './dot-stuffing.ts'
export {
  type EhloKeywords,
  ehloKeywords,
  type ReplyFaultKind,
  ReplyReadError,
  readReply,
} from './reply-reader.ts'
