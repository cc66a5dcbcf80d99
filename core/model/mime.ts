export type { MimeAnomaly } from './mime-anomaly.ts'
export { MimePart, type NumberedPart, type PartContent, type PartExtent, walkParts } from './mime-part.ts'
export {
  defaultMimeLimits,
  type MessageStructure,
  type MimeLimits,
  MimeScanner,
  scanMessage,
} from './mime-scanner.ts'
export {
  type ContentDisposition,
  type ContentType,
  Parameters,
  parseContentDisposition,
  parseContentType,
} from './parameters.ts'
