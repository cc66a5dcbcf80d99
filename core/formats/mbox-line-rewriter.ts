import { fieldLookahead } from './mbox-fields.ts'
import { LF } from './mbox-line-ends.ts'
import { GT, type LineRules } from './mbox-line-rules.ts'

const nothing = Buffer.alloc(0)
const quote = Buffer.from('>')

/** Where a rewriter is between two chunks. */
export interface RewriterPlace {
  readonly rules: LineRules
  readonly waiting: Buffer
  readonly atLineStart: boolean
  readonly hiding: boolean
}

/**
 * Applies rules to the lines of a message that comes in chunks. A line's beginning waits until enough of it is there to
 * decide: at most {@link fieldLookahead} octets and one `>`, however many of these there are.
 */
export class LineRewriter {
  readonly #rules: LineRules
  #waiting: Buffer
  #atLineStart: boolean
  #hiding: boolean

  constructor({ rules, waiting = nothing, atLineStart = true, hiding = false }: PartialPlace) {
    this.#rules = rules
    this.#waiting = waiting
    this.#atLineStart = atLineStart
    this.#hiding = hiding
  }

  /** To go on from here a second time. */
  get place(): RewriterPlace {
    const [atLineStart, hiding] = [this.#atLineStart, this.#hiding]
    return { rules: this.#rules.copy(), waiting: Buffer.from(this.#waiting), atLineStart, hiding }
  }

  add(chunk: Buffer): Buffer {
    return this.#rewrite(this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]), false)
  }

  /** What still waits. */
  end(): Buffer {
    return this.#rewrite(this.#waiting, true)
  }

  #rewrite(octets: Buffer, final: boolean): Buffer {
    const pieces: Buffer[] = []
    this.#waiting = nothing
    let from = 0
    for (let at = 0; at < octets.length; ) {
      if (this.#atLineStart) {
        let text = at
        while (octets[text] === GT) text++
        if (!final && octets.length - text < fieldLookahead && octets.indexOf(LF, text) < 0) {
          // The last `>` waits too: it may have to be dropped.
          const undecided = text > at ? text - 1 : text
          this.#waiting = octets.subarray(undecided)
          pieces.push(octets.subarray(from, undecided))
          return joined(pieces)
        }
        from = this.#begin(octets, { from, start: at, text }, pieces)
        at = text
      }
      const lf = octets.indexOf(LF, at)
      at = lf < 0 ? octets.length : lf + 1
      if (this.#hiding) from = at
      this.#atLineStart = lf >= 0
      if (lf >= 0) this.#hiding = false
    }
    pieces.push(octets.subarray(from))
    return joined(pieces)
  }

  /** Decides over a line; answers from where on octets are still to be given out. */
  #begin(
    octets: Buffer,
    { from, start, text }: { readonly from: number; readonly start: number; readonly text: number },
    pieces: Buffer[],
  ): number {
    this.#atLineStart = false
    const decision = this.#rules.decide(octets, text, text > start)
    this.#hiding = decision === 'hide'
    if (decision === 'keep') return from
    if (decision === 'hide') pieces.push(octets.subarray(from, start))
    else pieces.push(octets.subarray(from, decision === 'drop' ? text - 1 : text))
    if (decision === 'add') pieces.push(quote)
    return text
  }
}

interface PartialPlace extends Partial<RewriterPlace> {
  readonly rules: LineRules
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [first = nothing] = pieces
  return pieces.length <= 1 ? first : Buffer.concat(pieces)
}
