import { findBareLineEnd } from 'mailwright'

const CR = 0x0d
const LF = 0x0a
const NUL = 0
// Some programs put one CR too many before an LF. More are not looked for: a flood of them would be read again and again.
const mostCrs = 2
const anyLineEnd = /\r{0,2}\n|\r/g

/** Why the octets of a message cannot be taken as they are. */
export type LineFault = 'bare-cr' | 'bare-lf' | 'nul' | 'long-line'

export interface LineRules {
  /** Whether bare CR and LF, and CR CR LF, are made one CRLF instead of being a fault. */
  readonly normalise: boolean
  /** Octets of the longest line that is taken, its CRLF included. */
  readonly maxLineLength: number
}

/**
 * The one place that decides about line ends: behind it there are none but CRLF (RFC 5321 §2.3.8), so that no plugin,
 * store or next hop can read another message out of the same octets.
 */
export class LineEnds {
  readonly #rules: LineRules
  // CRs at the end, whose LF may come with the next chunk.
  #openCrs = 0
  #lineLength = 0

  constructor(rules: LineRules) {
    this.#rules = rules
  }

  /** Nothing follows: what becomes of CRs that waited for their LF. */
  end(): Buffer | LineFault {
    if (this.#openCrs === 0) return Buffer.alloc(0)
    return this.#rules.normalise ? this.#measured(Buffer.from('\r\n'.repeat(this.#openCrs))) : 'bare-cr'
  }

  /** The chunk as it may be passed on, or what is wrong with it. After a fault nothing more should be pushed. */
  push(chunk: Buffer): Buffer | LineFault {
    if (chunk.length === 0) return chunk
    if (chunk.includes(NUL)) return 'nul'
    const octets = this.#withOpenCrs(chunk)
    const bare = findBareLineEnd(octets)
    if (bare === -1) return this.#measured(octets)
    if (!this.#rules.normalise) return octets[bare] === CR ? 'bare-cr' : 'bare-lf'
    const text = octets.toString('latin1').replace(anyLineEnd, '\r\n')
    return this.#measured(Buffer.from(text, 'latin1'))
  }

  /** CRs at the end of a chunk wait for what follows them, so that no chunk ever ends inside a line break. */
  #withOpenCrs(chunk: Buffer): Buffer {
    const octets = this.#openCrs > 0 ? Buffer.concat([Buffer.alloc(this.#openCrs, CR), chunk]) : chunk
    let end = octets.length
    while (end > octets.length - mostCrs && octets[end - 1] === CR) end -= 1
    this.#openCrs = octets.length - end
    return octets.subarray(0, end)
  }

  /** Jumps from one of the last line ends within reach to the next, instead of from line to line. */
  #measured(octets: Buffer): Buffer | LineFault {
    const { maxLineLength } = this.#rules
    let start = -this.#lineLength
    while (octets.length - start > maxLineLength) {
      const reach = start + maxLineLength - 1
      const end = reach < 0 ? -1 : octets.lastIndexOf(LF, reach)
      if (end < Math.max(0, start)) return 'long-line'
      start = end + 1
    }
    const last = octets.lastIndexOf(LF)
    this.#lineLength = last === -1 ? this.#lineLength + octets.length : octets.length - last - 1
    return octets
  }
}
