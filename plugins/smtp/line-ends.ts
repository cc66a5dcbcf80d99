import { findBareLineEnd } from 'mailwright'

const CR = 0x0d
const LF = 0x0a
const NUL = 0
const anyLineEnd = /\r\n|\r|\n/g

/** Why the octets of a message cannot be taken as they are. */
export type LineFault = 'bare-cr' | 'bare-lf' | 'nul' | 'long-line'

export interface LineRules {
  /** Whether bare CR and LF are made CRLF instead of being a fault. */
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
  // The last octet was a CR whose LF may come with the next chunk.
  #openCr = false
  #lineLength = 0

  constructor(rules: LineRules) {
    this.#rules = rules
  }

  /** Whether a CR still waits for its LF. */
  get endsInCr(): boolean {
    return this.#openCr
  }

  /** The chunk as it may be passed on, or what is wrong with it. After a fault nothing more should be pushed. */
  push(chunk: Buffer): Buffer | LineFault {
    if (chunk.length === 0) return chunk
    if (chunk.includes(NUL)) return 'nul'
    const octets = this.#withOpenCr(chunk)
    const bare = findBareLineEnd(octets)
    if (bare === -1) return this.#measured(octets)
    if (!this.#rules.normalise) return octets[bare] === CR ? 'bare-cr' : 'bare-lf'
    const text = octets.toString('latin1').replace(anyLineEnd, '\r\n')
    return this.#measured(Buffer.from(text, 'latin1'))
  }

  /** A CR at the end of a chunk waits for what follows it, so that no chunk ever ends inside a line break. */
  #withOpenCr(chunk: Buffer): Buffer {
    const octets = this.#openCr ? Buffer.concat([Buffer.from('\r'), chunk]) : chunk
    this.#openCr = octets[octets.length - 1] === CR
    return this.#openCr ? octets.subarray(0, -1) : octets
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
