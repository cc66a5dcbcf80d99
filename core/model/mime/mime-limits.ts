import { defaultHeaderLimits } from '../header/header-fields.ts'

/** How far a message is taken apart. What lies beyond stays one opaque leaf, and an anomaly says so. */
export interface MimeLimits {
  /** How many multiparts and messages may lie in each other. */
  readonly depth: number
  /** How many parts a message may have, multiparts and nested messages counted. */
  readonly parts: number
  /** Octets of one header that are read. */
  readonly headerOctets: number
  /** Fields of one header that are read. */
  readonly headerFields: number
}

/** The limits that hold where nobody asks for others: depth 100, 10,000 parts, 1 MiB and 2,000 fields a header. */
export const defaultMimeLimits: MimeLimits = {
  depth: 100,
  parts: 10_000,
  headerOctets: defaultHeaderLimits.octets,
  headerFields: defaultHeaderLimits.fields,
}
