export type { MimeAnomaly } from './mime-anomaly.ts'
export { defaultMimeLimits, type MimeLimits } from './mime-limits.ts'
export {
  MimePart,
  type NumberedPart,
  type PartContent,
  type PartExtent,
  type PartHead,
  walkParts,
} from './mime-part.ts'
export { type MessageStructure, MimeScanner, scanMessage } from './mime-scanner.ts'
export {
  type ContentDisposition,
  type ContentType,
  Parameters,
  parseContentDisposition,
  parseContentType,
} from './parameters.ts'
