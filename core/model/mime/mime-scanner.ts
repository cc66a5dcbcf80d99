import { cutHeader, readHeader } from '../header/header-fields.ts'
import type { MimeAnomaly } from './mime-anomaly.ts'
import { describeBody, inspectHeader, OpenPart } from './mime-builder.ts'
import { defaultMimeLimits, type MimeLimits } from './mime-limits.ts'
import {
  delimiterText,
  hasBareCr,
  isEmptyLine,
  lineEndSize,
  readableLength,
  startsDelimiter,
} from './mime-line.ts'
import type { MimePart } from './mime-part.ts'
import { type FoundDelimiter, OpenBoundaries } from './open-boundaries.ts'

/** What a message is made of. */
export interface MessageStructure {
  /** The message itself; its header is the message's header. */
  readonly root: MimePart
  /** Octets of the message. */
  readonly size: number
  /** What is wrong or ambiguous anywhere in it. */
  readonly anomalies: ReadonlySet<MimeAnomaly>
}

// Small enough that the text of a window lives and dies in the young generation or the cache.
const WINDOW = 65_536

/**
 * Takes a message apart in one pass, chunk by chunk, in linear time. Keeps the headers and one unfinished line, never a
 * body. How the octets are cut into chunks makes no difference to the tree. Never throws, whatever the octets are.
 */
export class MimeScanner {
  readonly #limits: MimeLimits
  readonly #anomalies = new Set<MimeAnomaly>()
  readonly #boundaries = new OpenBoundaries()
  #open: OpenPart = new OpenPart(undefined, 0)
  #parts = 1
  /** Octets that are read; `#carry` begins here. */
  #base = 0
  #carry = ''
  #lines = 0
  #inHeader = true
  /** Whether the next octet continues a line. */
  #inLine = false
  /** The size of the line end right before `#base`. */
  #lineEnd = 0
  #header: string[] = []
  #headerOctets = 0
  #bareLf = false
  #root: MimePart | undefined
  #structure: MessageStructure | undefined

  constructor(limits: Partial<MimeLimits> = {}) {
    this.#limits = { ...defaultMimeLimits, ...limits }
  }

  /** Takes the next octets of the message. The chunk may be reused afterwards. After `finish` nothing is taken. */
  push(chunk: Buffer): void {
    if (this.#structure !== undefined) return
    let text = this.#carry
    // Where in the chunk the unread part of `text` begins; negative while it begins in what was carried over.
    let from = -text.length
    let to = 0
    while (to < chunk.length) {
      const start = Math.max(from, 0)
      to = Math.min(chunk.length, Math.max(start, to) + WINDOW)
      text = (from < 0 ? text.slice(from) : '') + chunk.toString('latin1', start, to)
      const read = this.#read(text, readableLength(text, this.#inLine))
      text = text.slice(read)
      from = to - text.length
    }
    this.#carry = text
  }

  /** Ends the message and answers what it is made of. Asked again it gives the same answer. */
  finish(): MessageStructure {
    if (this.#structure !== undefined) return this.#structure
    this.#read(this.#carry, this.#carry.length)
    this.#carry = ''
    // An ended header may open a message within, whose header then ends here too.
    while (this.#inHeader) this.#endHeader(this.#base, false)
    this.#closeInto(undefined, this.#base, this.#lines)
    if (this.#bareLf) this.#anomalies.add('bare-lf')
    const root = this.#root ?? this.#open.close(this.#base, this.#lines)
    this.#structure = { root, size: this.#base, anomalies: this.#anomalies }
    return this.#structure
  }

  /** Reads `text` up to `end`, which is `#base` afterwards. Answers `end`. */
  #read(text: string, end: number): number {
    this.#inspect(text, end)
    let at = 0
    while (at < end) at = this.#inHeader ? this.#readHeader(text, at, end) : this.#readBody(text, at, end)
    if (end > 0) {
      this.#inLine = text.charCodeAt(end - 1) !== 10
      this.#lineEnd = this.#inLine ? 0 : lineEndSize(text, end - 1)
    }
    this.#base += end
    return end
  }

  #inspect(text: string, end: number): void {
    if (!this.#anomalies.has('bare-cr') && hasBareCr(text, end)) this.#anomalies.add('bare-cr')
    if (this.#anomalies.has('nul')) return
    const nul = text.indexOf('\0')
    if (nul !== -1 && nul < end) this.#anomalies.add('nul')
  }

  /** Reads lines of a header up to its end, or all there are. Answers where it stopped. */
  #readHeader(text: string, from: number, end: number): number {
    let at = from
    let inLine = from === 0 && this.#inLine
    while (at < end) {
      if (!inLine && startsDelimiter(text, at) && this.#isDelimiter(text, at)) {
        this.#keepHeader(text, from, at)
        // The header ended without an empty line; so does that of every message that begins and ends in it.
        while (this.#inHeader) this.#endHeader(this.#base + at, false)
        return this.#takeDelimiter(text, at)
      }
      const lf = text.indexOf('\n', at)
      const next = lf === -1 ? end : lf + 1
      if (lf !== -1) this.#countLine(text, lf)
      const isEnd = !inLine && isEmptyLine(text, at)
      inLine = false
      at = next
      if (!isEnd) continue
      this.#keepHeader(text, from, at)
      this.#endHeader(this.#base + at, true)
      return at
    }
    this.#keepHeader(text, from, end)
    return end
  }

  /** Reads a body up to a delimiter, or all there is. Answers where it stopped. */
  #readBody(text: string, from: number, end: number): number {
    const seeking = !this.#boundaries.isEmpty
    const atLine = from > 0 || !this.#inLine
    if (seeking && atLine && startsDelimiter(text, from) && this.#isDelimiter(text, from)) {
      return this.#takeDelimiter(text, from)
    }
    let lf = text.indexOf('\n', from)
    while (lf !== -1 && lf < end) {
      this.#countLine(text, lf)
      const next = lf + 1
      if (seeking && next < end && startsDelimiter(text, next) && this.#isDelimiter(text, next)) {
        return this.#takeDelimiter(text, next)
      }
      lf = text.indexOf('\n', next)
    }
    return end
  }

  #countLine(text: string, lf: number): void {
    this.#lines += 1
    if (text.charCodeAt(lf - 1) !== 13) this.#bareLf = true
  }

  #isDelimiter(text: string, start: number): boolean {
    return !this.#boundaries.isEmpty && this.#findDelimiter(text, start) !== undefined
  }

  #findDelimiter(text: string, start: number): FoundDelimiter | undefined {
    const lf = text.indexOf('\n', start)
    const line = delimiterText(text, start, lf === -1 ? text.length : lf + 1)
    return line === undefined ? undefined : this.#boundaries.find(line)
  }

  /** Acts on the delimiter line at `start`: ends what is open within its multipart. Answers where the line ends. */
  #takeDelimiter(text: string, start: number): number {
    const found = this.#findDelimiter(text, start)
    const lf = text.indexOf('\n', start)
    const next = lf === -1 ? text.length : lf + 1
    if (found === undefined) return start
    if (found.hasText) this.#anomalies.add('delimiter-with-text')
    const lineEnd = start === 0 ? this.#lineEnd : lineEndSize(text, start - 1)
    // RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter.
    this.#closeInto(found.part, this.#base + start - lineEnd, this.#lines - (lineEnd > 0 ? 1 : 0))
    if (lf !== -1) this.#countLine(text, lf)
    if (found.closes) this.#forget(found.part)
    else this.#openPart(found.part, this.#base + next)
    return next
  }

  #openPart(parent: OpenPart, headerStart: number): void {
    this.#open = new OpenPart(parent, headerStart)
    this.#parts += 1
    this.#inHeader = true
    this.#header = []
    this.#headerOctets = 0
    if (this.#parts < this.#limits.parts) return
    // The last part that is allowed takes in everything that follows.
    this.#anomalies.add('parts')
    this.#boundaries.clear()
  }

  #keepHeader(text: string, from: number, to: number): void {
    const room = this.#limits.headerOctets - this.#headerOctets
    if (room > 0 && to > from) this.#header.push(text.slice(from, Math.min(to, from + room)))
    this.#headerOctets += to - from
  }

  /** Makes the header of the open part of what was kept; its body begins at `bodyStart`. */
  #endHeader(bodyStart: number, ended: boolean): void {
    const part = this.#open
    // Slices of a text keep all of it in memory: what stays is copied.
    const source = Buffer.from(this.#header.join(''), 'latin1').toString('latin1')
    const header = readHeader(source, this.#limits.headerFields)
    const isCut = this.#headerOctets > source.length
    part.header = isCut ? cutHeader(header, { size: this.#headerOctets, ended }) : header
    part.bodyStart = bodyStart
    part.linesBefore = this.#lines
    this.#inHeader = false
    this.#header = []
    const isMessage = part.parent === undefined || part.parent.boundary === undefined
    inspectHeader(part.header, isMessage, this.#anomalies)
    this.#openBody(part)
  }

  #openBody(part: OpenPart): void {
    const body = describeBody(part, this.#anomalies)
    if (body.kind === 'leaf') return
    if (part.depth >= this.#limits.depth || this.#parts >= this.#limits.parts) {
      this.#anomalies.add(part.depth >= this.#limits.depth ? 'depth' : 'parts')
      return
    }
    if (body.kind === 'message') {
      this.#openPart(part, part.bodyStart)
      return
    }
    part.boundary = body.boundary
    part.shadowed = this.#boundaries.get(body.boundary)
    if (part.shadowed !== undefined) this.#anomalies.add('same-boundary')
    this.#boundaries.set(body.boundary, part)
  }

  /** Closes the open parts that lie in `ancestor`, or all of them. */
  #closeInto(ancestor: OpenPart | undefined, end: number, lines: number): void {
    for (
      let part: OpenPart | undefined = this.#open;
      part !== undefined && part !== ancestor;
      part = part.parent
    ) {
      if (this.#forget(part) && !this.#anomalies.has('parts')) this.#anomalies.add('unterminated-multipart')
      const closed = part.close(end, lines)
      if (part.parent === undefined) this.#root = closed
      else if (part.parent.boundary === undefined) part.parent.message = closed
      else part.parent.children.push(closed)
    }
    if (ancestor !== undefined) this.#open = ancestor
  }

  /** Looks for a multipart's delimiters no more. Whether it still did. */
  #forget(part: OpenPart): boolean {
    if (part.boundary === undefined || part.isComplete) return false
    part.isComplete = true
    if (this.#boundaries.get(part.boundary) !== part) return true
    if (part.shadowed === undefined || part.shadowed.isComplete) this.#boundaries.delete(part.boundary)
    else this.#boundaries.set(part.boundary, part.shadowed)
    return true
  }
}

/** Takes a message apart that is in memory as a whole; see {@link MimeScanner}. */
export function scanMessage(octets: Buffer, limits: Partial<MimeLimits> = {}): MessageStructure {
  const scanner = new MimeScanner(limits)
  scanner.push(octets)
  return scanner.finish()
}
