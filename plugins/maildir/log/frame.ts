import { crc32 } from 'node:zlib'

/** A message as it lies in its mailbox. */
export interface LoggedMessage {
  /** Of the mailbox, from the store's root on. */
  readonly path: string
  readonly base: string
  /** As they are in the file. */
  readonly octets: Buffer
}

/** Messages that are not to come back: refused after they were written, or removed. */
export interface Forgotten {
  readonly path: string
  readonly bases: readonly string[]
}

/** What a frame has. */
export type Logged = { readonly message: LoggedMessage } | { readonly forgotten: Forgotten }

/** Octets that tell the frames of one use of a segment from those that were there before. */
export const generationLength = 8

const magic = Buffer.from('MwD1')
const messageKind = 'M'.charCodeAt(0)
const forgottenKind = 'F'.charCodeAt(0)
// Magic, length, CRC-32, generation; then kind and the length of the facts.
const headLength = magic.length + 8 + generationLength
const factsAt = headLength + 5

/** The parts of a frame, one behind the other: whoever writes many copies each octet once. */
export function encodeMessage(generation: Buffer, { path, base, octets }: LoggedMessage): readonly Buffer[] {
  return [encodeHead(generation, messageKind, Buffer.from(JSON.stringify([path, base])), octets), octets]
}

export function encodeForgotten(generation: Buffer, { path, bases }: Forgotten): Buffer {
  const facts = Buffer.from(JSON.stringify([path, ...bases]))
  return encodeHead(generation, forgottenKind, facts, Buffer.alloc(0))
}

/** A frame up to the octets of its message. */
function encodeHead(generation: Buffer, kind: number, facts: Buffer, octets: Buffer): Buffer {
  const head = Buffer.allocUnsafe(factsAt + facts.length)
  magic.copy(head)
  head.writeUInt32BE(head.length + octets.length - headLength, magic.length)
  generation.copy(head, magic.length + 8)
  head.writeUInt8(kind, headLength)
  head.writeUInt32BE(facts.length, headLength + 1)
  facts.copy(head, factsAt)
  // What stands before it is only where to look.
  head.writeUInt32BE(crc32(octets, crc32(head.subarray(magic.length + 8))), magic.length + 4)
  return head
}

/** Octets that the frame of a message takes at most: with its facts as they may be in JSON. */
export function roomFor(message: LoggedMessage | undefined): number {
  if (message === undefined) return 0
  const { path, base, octets } = message
  return factsAt + 6 * (path.length + base.length) + 16 + octets.length
}

/** The frame at an offset and where the next one begins; undefined where there is none of this generation, whole. */
export function decodeFrame(
  octets: Buffer,
  offset: number,
  generation: Buffer,
): { readonly logged: Logged; readonly end: number } | undefined {
  if (offset + factsAt > octets.length) return undefined
  const start = offset + headLength
  if (!octets.subarray(offset, offset + magic.length).equals(magic)) return undefined
  if (!octets.subarray(start - generationLength, start).equals(generation)) return undefined
  const end = start + octets.readUInt32BE(offset + magic.length)
  if (end > octets.length || end < offset + factsAt) return undefined
  const checked = octets.subarray(start - generationLength, end)
  if (crc32(checked) !== octets.readUInt32BE(offset + magic.length + 4)) return undefined
  const body = start + 5 + octets.readUInt32BE(start + 1)
  const [path = '', ...bases] = JSON.parse(octets.toString('utf8', start + 5, body)) as readonly string[]
  if (octets[start] === forgottenKind) return { logged: { forgotten: { path, bases } }, end }
  return { logged: { message: { path, base: bases[0] ?? '', octets: octets.subarray(body, end) } }, end }
}
