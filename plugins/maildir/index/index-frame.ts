import { crc32 } from 'node:zlib'

/**
 * The files of a mailbox's index are rows of frames: 4 octets length and 4 octets CRC-32 of what follows, little-endian,
 * then a kind (one octet) and the content. A frame is written by one call; what a crash has cut is not taken for one.
 */
export interface Frame {
  /** One ASCII character. */
  readonly kind: string
  readonly content: Buffer
  /** Octets from the start of the file. */
  readonly offset: number
}

/** What tells one frame from another without reading it: its length and checksum, as they stand at its start. */
export function frameLabel(octets: Buffer, at = 0): string {
  return octets.toString('latin1', at, at + frameLabelSize)
}

export const frameLabelSize = 8

export interface FrameRow {
  readonly frames: readonly Frame[]
  /** Behind the last whole frame. */
  readonly end: number
  /** Octets behind it that are no frame: a write that was cut, or damage. */
  readonly rest: number
  /** Whether frames follow behind octets that are none: then something in the middle was damaged. */
  readonly damaged: boolean
}

export const frameOverhead = 9

/** Snapshot and change. */
const kinds: readonly number[] = [...'SC'].map((kind) => kind.charCodeAt(0))

export function encodeFrame(kind: string, content: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(frameOverhead + content.length)
  frame.writeUInt32LE(1 + content.length, 0)
  frame.write(kind, 8, 1, 'latin1')
  content.copy(frame, frameOverhead)
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4)
  return frame
}

/** Takes octets apart that start at `offset` of their file. */
export function readFrames(octets: Buffer, offset = 0): FrameRow {
  const frames: Frame[] = []
  let at = 0
  for (let frame = frameAt(octets, at); frame !== undefined; frame = frameAt(octets, at)) {
    frames.push({ ...frame, offset: offset + at })
    at += frameOverhead + frame.content.length
  }
  return { frames, end: offset + at, rest: octets.length - at, damaged: isFollowed(octets, at) }
}

/** The frame that starts there; undefined where none does, or it is not whole. */
export function frameAt(octets: Buffer, at: number): Omit<Frame, 'offset'> | undefined {
  if (at + frameOverhead > octets.length) return undefined
  const length = octets.readUInt32LE(at)
  const end = at + 8 + length
  if (length < 1 || end > octets.length) return undefined
  if (crc32(octets.subarray(at + 8, end)) !== octets.readUInt32LE(at + 4)) return undefined
  return { kind: String.fromCharCode(octets[at + 8] ?? 0), content: octets.subarray(at + 9, end) }
}

// What is no frame is searched for further ones so far.
const mostSearched = 1024 * 1024
// And so often as much as there is is read for that. Where that does not suffice, something is wrong in any case.
const mostRead = 4

/** Whether a whole frame starts anywhere behind octets that are none. */
function isFollowed(octets: Buffer, at: number): boolean {
  const end = Math.min(octets.length - frameOverhead, at + mostSearched)
  let left = mostRead * octets.length
  for (let place = at + 1; place <= end; place++) {
    const kind = octets[place + 8] ?? 0
    if (!kinds.includes(kind)) continue
    const length = octets.readUInt32LE(place)
    if (place + 8 + length > octets.length) continue
    left -= length
    if (left < 0 || frameAt(octets, place) !== undefined) return true
  }
  return false
}
