import type { Content, MimePart } from 'mailwright'
import type { OctetBudget } from './kept-octets.ts'
import { findPart, locate } from './locate.ts'
import { filtered } from './octet-filter.ts'
import type { Partial, Section } from './section.ts'
import { transferDecoder } from './transfer-decoder.ts'

/** What BINARY[…] is (RFC 3516 §4.3). */
export type BinaryContent =
  | {
      readonly kind: 'octets'
      readonly content: Content
      /** Whether they have to be a literal8. */
      readonly hasNul: boolean
    }
  /** NIL: the message has no such part. */
  | { readonly kind: 'nothing' }
  /** NO [UNKNOWN-CTE]. */
  | { readonly kind: 'unknown encoding' }

/**
 * The octets of a part, or of the message, without its transfer encoding, or a part of them; its size is BINARY.SIZE[…].
 * What is not of the encoding is passed over, as `decodeBody` does. Multiparts and messages, which have none (RFC 2045
 * §6.4), are as they stand. `keeps` counts what is kept until it is written. Fails as the content does.
 */
export async function binaryContent(
  section: Section,
  content: Content,
  structure: MimePart,
  partial?: Partial,
  keeps?: OctetBudget,
): Promise<BinaryContent> {
  const range = locate(structure, section)
  if (range === undefined) return { kind: 'nothing' }
  const encoding = section.part.length === 0 ? 'binary' : findPart(structure, section.part)?.encoding
  const decoder = transferDecoder(encoding ?? 'binary')
  if (decoder === undefined) return { kind: 'unknown encoding' }
  return { kind: 'octets', ...(await filtered(content, range, decoder, partial, keeps)) }
}
