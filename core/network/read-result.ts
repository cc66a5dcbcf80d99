import type { LineResult } from './line-buffer.ts'

/** What came of waiting for a line. */
export type ReadResult = LineResult | NothingRead

/** What came of waiting for octets. */
export type OctetsResult = { readonly kind: 'octets'; readonly octets: Buffer } | NothingRead

/** Why there is neither. */
export type NothingRead = { readonly kind: 'timeout' } | { readonly kind: 'closed' }

export const timedOut: NothingRead = { kind: 'timeout' }
export const isClosed: NothingRead = { kind: 'closed' }
