import { fieldAt, resemblesField } from './mbox-fields.ts'
import { CR, LF } from './mbox-line-ends.ts'

export const GT = 62
const space = 32
const tab = 9

/** What becomes of a line. A `>` is added or dropped at the end of those that the line begins with. */
export type LineDecision = 'keep' | 'add' | 'drop' | 'hide'

/** Decides over a message's lines, one after the other. */
export interface LineRules {
  /**
   * @param at where the line begins behind all its `>`
   * @param quoted whether there are any
   */
  decide(octets: Buffer, at: number, quoted: boolean): LineDecision
  /** The same rules at the same place in the message, to go on from there a second time. */
  copy(): LineRules
}

/** Rules by which a message is read: they know where its header ends. */
export interface ReadingRules extends LineRules {
  readonly inHeader: boolean
}

/** Whether `From ` stands there. */
export function isFrom(octets: Buffer, at: number): boolean {
  return (
    octets[at] === 0x46 &&
    octets[at + 1] === 0x72 &&
    octets[at + 2] === 0x6f &&
    octets[at + 3] === 0x6d &&
    octets[at + 4] === space
  )
}

function isEmptyLine(octets: Buffer, at: number): boolean {
  return octets[at] === LF || (octets[at] === CR && octets[at + 1] === LF)
}

/** Whether a line that begins there continues the field before it. */
export function isFolded(octets: Buffer, at: number): boolean {
  return octets[at] === space || octets[at] === tab
}

/**
 * How a message is written into a file: a line that begins with `From `, or with `>` and then so, gets one more `>`
 * (mboxrd). The same is done in its header to fields that readers of mbox files take for their own, so that a sender
 * cannot set them and a reader gets back what came; and to a first line that would continue the field before it.
 */
export class QuotingRules implements LineRules {
  #inHeader: boolean
  #first: boolean

  constructor(inHeader = true, first = true) {
    this.#inHeader = inHeader
    this.#first = first
  }

  decide(octets: Buffer, at: number, quoted: boolean): LineDecision {
    const first = this.#first
    this.#first = false
    if (!this.#inHeader) return isFrom(octets, at) ? 'add' : 'keep'
    if (!quoted && isEmptyLine(octets, at)) this.#inHeader = false
    return needsQuote(octets, at, first) ? 'add' : 'keep'
  }

  copy(): QuotingRules {
    return new QuotingRules(this.#inHeader, this.#first)
  }
}

function needsQuote(octets: Buffer, at: number, first: boolean): boolean {
  return isFrom(octets, at) || resemblesField(octets, at) || (first && isFolded(octets, at))
}

/** How a message is read from a file: the other way round, and without the fields that are the file's own. */
export class UnquotingRules implements ReadingRules {
  #inHeader: boolean
  #first: boolean
  #hiding: boolean

  constructor(inHeader = true, first = true, hiding = false) {
    this.#inHeader = inHeader
    this.#first = first
    this.#hiding = hiding
  }

  get inHeader(): boolean {
    return this.#inHeader
  }

  decide(octets: Buffer, at: number, quoted: boolean): LineDecision {
    if (!this.#inHeader) return quoted && isFrom(octets, at) ? 'drop' : 'keep'
    this.#hiding = !quoted && ((this.#hiding && isFolded(octets, at)) || fieldAt(octets, at) !== undefined)
    if (this.#hiding) return 'hide'
    const first = this.#first
    this.#first = false
    if (!quoted && isEmptyLine(octets, at)) this.#inHeader = false
    return quoted && needsQuote(octets, at, first) ? 'drop' : 'keep'
  }

  copy(): UnquotingRules {
    return new UnquotingRules(this.#inHeader, this.#first, this.#hiding)
  }
}
