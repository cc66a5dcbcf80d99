import { Readable } from 'node:stream'

/** Octets that are read and never changed: in memory, in a spool file, in a store. */
export interface Content {
  /** Octets. */
  readonly size: number
  /** Octets from `start` (inclusive) to `end` (exclusive), clipped to the content. */
  read(start: number, end: number): Promise<Buffer>
  /** The same as a stream of chunks, for contents that may be large. */
  stream(start?: number, end?: number): Readable
}

/** Whether a value can be read as a content. For what plugins hand over. */
export function isContent(value: unknown): value is Content {
  if (typeof value !== 'object' || value === null) return false
  const { size, read, stream } = value as Partial<Content>
  return (
    Number.isInteger(size) && (size ?? -1) >= 0 && typeof read === 'function' && typeof stream === 'function'
  )
}

/** Octets in memory. The buffer belongs to the content from then on and must not be changed. */
export function bufferContent(octets: Buffer): Content {
  return {
    size: octets.length,
    read: async (start, end) => octets.subarray(Math.max(0, start), Math.max(0, end)),
    stream: (start = 0, end = octets.length) =>
      Readable.from([octets.subarray(Math.max(0, start), Math.max(0, end))], { objectMode: false }),
  }
}

/** A part of another content. */
export interface Slice {
  readonly content: Content
  readonly start: number
  readonly end: number
}

/** Several slices one after the other as one content; nothing is copied until it is read. */
export function joinedContent(slices: readonly Slice[]): Content {
  const parts = slices.filter((slice) => slice.end > slice.start)
  const size = parts.reduce((sum, slice) => sum + slice.end - slice.start, 0)
  /** The pieces of the underlying contents that lie between two offsets. */
  function* pieces(start: number, end: number): Generator<Slice> {
    let offset = 0
    for (const part of parts) {
      const length = part.end - part.start
      const from = Math.max(0, start - offset)
      const to = Math.min(length, end - offset)
      if (to > from) yield { content: part.content, start: part.start + from, end: part.start + to }
      offset += length
      if (offset >= end) return
    }
  }
  async function* chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (const piece of pieces(start, end)) yield* piece.content.stream(piece.start, piece.end)
  }
  return {
    size,
    async read(start, end) {
      const buffers: Buffer[] = []
      for (const piece of pieces(start, end)) buffers.push(await piece.content.read(piece.start, piece.end))
      return buffers.length === 1 && buffers[0] !== undefined ? buffers[0] : Buffer.concat(buffers)
    },
    stream: (start = 0, end = size) => Readable.from(chunks(start, end), { objectMode: false }),
  }
}

/** The whole of a content in memory. Only for contents known to be small. */
export function readAll(content: Content): Promise<Buffer> {
  return content.read(0, content.size)
}
