import { Readable } from 'node:stream'
import { bufferContent, type Content, Pacer } from 'mailwright'
import { KeptOctets, type OctetBudget } from './kept-octets.ts'
import { type OctetRange, slice } from './octet-range.ts'
import type { Partial } from './section.ts'

/** Makes other octets of octets that come piece by piece. Used once. */
export interface OctetFilter {
  /** Takes the next octets; answers what is ready. */
  push(octets: Buffer): Buffer
  /** Takes the end; answers the rest. */
  end(): Buffer
}

/** What a filter makes of a range of a content, or a part of that. */
export interface Filtered {
  readonly content: Content
  /** Whether NUL may be among the octets. */
  readonly hasNul: boolean
}

// Octets that are read at once, those that are filtered at once, and those that are kept in memory.
const smallest = 262_144
const piece = 65_536
const largestKept = 1_048_576

/**
 * Runs a range of a content through a filter. What is large, or more than may be kept, is read once to learn its size, and
 * again when it is asked for, in turn with other work. Fails as the content does.
 */
export async function filtered(
  source: Content,
  range: OctetRange,
  makeFilter: () => OctetFilter,
  partial?: Partial,
  keeps: OctetBudget = new KeptOctets(),
): Promise<Filtered> {
  const length = range.end - range.start
  const most = Math.min(length, partial?.length ?? length)
  if (length <= smallest && keeps.take(most)) {
    const filter = makeFilter()
    const octets = filter.push(await source.read(range.start, range.end))
    return kept(Buffer.concat([octets, filter.end()]), partial)
  }
  const run = () => pieces(source, range, makeFilter())
  if (partial !== undefined && partial.length <= largestKept && keeps.take(most))
    return kept(await gathered(cut(run(), partial.start, partial.start + partial.length)))
  let size = 0
  let hasNul = false
  for await (const octets of run()) {
    size += octets.length
    hasNul ||= octets.includes(0)
  }
  const content = repeatedContent(size, run)
  return { content: slice(content, { start: 0, end: size }, partial), hasNul }
}

function kept(all: Buffer, partial?: Partial): Filtered {
  // A copy, as what lies around it is not to be kept.
  const octets =
    partial === undefined ? all : Buffer.from(all.subarray(partial.start, partial.start + partial.length))
  return { content: bufferContent(octets), hasNul: octets.includes(0) }
}

async function gathered(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = []
  for await (const octets of pieces) found.push(octets)
  return Buffer.concat(found)
}

/** A content that is made anew each time it is read. */
function repeatedContent(size: number, run: () => AsyncIterable<Buffer>): Content {
  const stream = (start = 0, end = size) => cut(run(), Math.max(0, start), Math.min(size, end))
  return {
    size,
    read: (start, end) => gathered(stream(start, end)),
    stream: (start, end) => Readable.from(stream(start, end), { objectMode: false }),
  }
}

async function* pieces(
  source: Content,
  { start, end }: OctetRange,
  filter: OctetFilter,
): AsyncGenerator<Buffer> {
  const pacer = new Pacer()
  for await (const chunk of source.stream(start, end) as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += piece) {
      yield filter.push(chunk.subarray(at, at + piece))
      if (pacer.isDue) await pacer.rest()
    }
  }
  yield filter.end()
}

/** What lies between two offsets; no more is read than up to the second. */
async function* cut(all: AsyncIterable<Buffer>, start: number, end: number): AsyncGenerator<Buffer> {
  if (start >= end) return
  let offset = 0
  for await (const octets of all) {
    const kept = octets.subarray(Math.max(0, start - offset), Math.max(0, end - offset))
    if (kept.length > 0) yield kept
    offset += octets.length
    if (offset >= end) return
  }
}
