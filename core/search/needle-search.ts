import type { Pacer } from '../summary/pacer.ts'
import type { TextPlace, TextReader } from './message-texts.ts'

/** A text that is looked for in messages. */
export interface Needle {
  /** Folded; not empty. */
  readonly folded: string
  /** Whether a folded text holds it. */
  readonly isIn: (text: string) => boolean
  /** Only in bodies, attached messages with their headers included; else in headers too. */
  readonly inBody: boolean
}

/** Looks for several needles at once in the texts of one message, in turn with other work. */
export class NeedleSearch implements TextReader {
  readonly #found = new Set<Needle>()
  readonly #isEnough: (found: ReadonlySet<Needle>) => boolean
  readonly #pacer: Pacer
  readonly #overlap: number
  #open: readonly Needle[]
  #tail = ''
  #isDone: boolean

  /** `isEnough` says, each time that another one is found, whether the others need not be looked for. */
  constructor(needles: readonly Needle[], isEnough: (found: ReadonlySet<Needle>) => boolean, pacer: Pacer) {
    this.#open = needles
    this.#pacer = pacer
    this.#isEnough = isEnough
    this.#isDone = needles.length === 0
    this.#overlap = Math.max(0, ...needles.map((needle) => needle.folded.length - 1))
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get found(): ReadonlySet<Needle> {
    return this.#found
  }

  async take(folded: string, place: TextPlace, continues: boolean): Promise<void> {
    const text = continues ? this.#tail + folded : folded
    const isBody = place === 'body' || place === 'attached-header'
    const before = this.#found.size
    for (const needle of this.#open) {
      if ((isBody || !needle.inBody) && needle.isIn(text)) this.#found.add(needle)
      if (this.#pacer.isDue) await this.#pacer.rest()
    }
    // A needle may begin in this piece and end in the next.
    this.#tail = this.#overlap === 0 ? '' : text.slice(-this.#overlap)
    if (this.#found.size === before) return
    this.#open = this.#open.filter((needle) => !this.#found.has(needle))
    this.#isDone = this.#open.length === 0 || this.#isEnough(this.#found)
  }
}
