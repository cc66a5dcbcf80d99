// The numbers of the kinds of records that are decoded (IANA, DNS parameters).
const A = 1
const AAAA = 28
const OPT = 41
const decoded: ReadonlySet<number> = new Set([A, 2, 5, 6, 12, 15, 16, AAAA, 52])
const lengths: Readonly<Record<number, number>> = { [A]: 4, [AAAA]: 16 }
// One for private use, so that no decoder has an opinion of it.
const anyOther = 65_280

/** More than any honest response has; beyond it, decoding names could take its time. */
const mostRecords = 512

/** A message whose records are as long as they say. */
export interface Framing {
  /** A copy whose records of other kinds have a type that nobody decodes. */
  readonly packet: Buffer
  /** The upper bits of the status, from the OPT record (RFC 6891 §6.1.3). */
  readonly extendedStatus: number
}

/**
 * Walks over the records of a message by the lengths that they state. What is of no interest (signatures, proofs of absence) is marked, so
 * that it is passed over by its length: a fault in it, or a kind that a decoder does not know, spoils nothing. Undefined where a record
 * leaves the message or is of the wrong length.
 */
export function markForeignRecords(packet: Buffer): Framing | undefined {
  const [questions, ...sections] = [4, 6, 8, 10].map((at) => packet.readUInt16BE(at))
  const records = sections.reduce((sum, count) => sum + count, 0)
  if (questions === undefined || questions > 1 || records > mostRecords) return undefined
  // A response that was cut may be cut anywhere; its header and question are all that is read.
  const isTruncated = (packet.readUInt8(2) & 2) !== 0
  const marked = Buffer.from(packet)
  let offset: number | undefined = 12
  for (let index = 0; index < questions; index++) offset = afterName(packet, offset, 4)
  if (offset === undefined) return undefined
  if (isTruncated) return { packet: withoutRecords(marked, offset), extendedStatus: 0 }
  let extendedStatus = 0
  for (let index = 0; index < records; index++) {
    const data: number | undefined = afterName(packet, offset, 10)
    if (data === undefined) return undefined
    const type = packet.readUInt16BE(data - 10)
    const length = packet.readUInt16BE(data - 2)
    offset = data + length
    if (offset > packet.length || (lengths[type] ?? length) !== length) return undefined
    if (type === OPT) extendedStatus = packet.readUInt8(data - 6)
    if (!decoded.has(type)) marked.writeUInt16BE(anyOther, data - 10)
  }
  return { packet: marked, extendedStatus }
}

function withoutRecords(packet: Buffer, end: number): Buffer {
  return packet.subarray(0, end).fill(0, 6, 12)
}

/** Where the octets behind a name end, so many of them; undefined where the message ends before. */
function afterName(packet: Buffer, start: number | undefined, octets: number): number | undefined {
  let offset = start
  while (offset !== undefined && offset < packet.length) {
    const length = packet.readUInt8(offset)
    // A pointer (RFC 1035 §4.1.4) or the root ends a name.
    if (length === 0 || length >= 0xc0) {
      const end: number = offset + (length === 0 ? 1 : 2) + octets
      return end <= packet.length ? end : undefined
    }
    offset = length > 63 ? undefined : offset + 1 + length
  }
  return undefined
}
