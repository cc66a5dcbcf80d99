import { isSummaryField } from './summary-fields.ts'

/** A header as a summary has it. */
export interface KeptHeader {
  /** Its fields as they stand, one character an octet. */
  readonly fields: string
  /** Whether an empty line ended it. */
  readonly ended: boolean
  /** Whether limits cut it off. */
  readonly truncated: boolean
  /** Names of fields that may be missing. */
  readonly omitted: readonly string[]
}

const [TAB, SPACE] = [9, 32]

/** Takes fields of some names out of headers. */
export class FieldSelection {
  readonly #names = new Set<string>()
  readonly #lengths: boolean[] = []
  /** Whether summaries keep all fields of these names, but where a message's are too large. */
  readonly isKept: boolean

  /** Names are compared without regard to case. */
  constructor(names: Iterable<string>) {
    for (const name of names) {
      this.#names.add(name.toLowerCase())
      this.#lengths[name.length] = true
    }
    this.isKept = [...this.#names].every(isSummaryField)
  }

  /**
   * The fields as they stand in the header, one character an octet, with the empty line that ends it (RFC 9051 §7.5.2).
   * Undefined where a summary does not know them all.
   */
  of({ fields, ended, truncated, omitted }: KeptHeader): string | undefined {
    if (!this.isKept || truncated || omitted.some((name) => this.#names.has(name))) return undefined
    let text = ''
    for (let start = 0, isWanted = false; start < fields.length; ) {
      const lf = fields.indexOf('\n', start)
      const end = lf === -1 ? fields.length : lf + 1
      const first = fields.charCodeAt(start)
      // A line that begins with white space goes on with the field before.
      if (first !== SPACE && first !== TAB) isWanted = this.#isNamed(fields, start, end)
      if (isWanted) text += fields.slice(start, end)
      start = end
    }
    return ended ? `${text}\r\n` : text
  }

  #isNamed(fields: string, start: number, end: number): boolean {
    let stop = fields.indexOf(':', start)
    if (stop === -1 || stop >= end) return false
    // RFC 5322 §4.5 lets white space stand before the colon.
    while (fields.charCodeAt(stop - 1) === SPACE || fields.charCodeAt(stop - 1) === TAB) stop -= 1
    if (this.#lengths[stop - start] !== true) return false
    return this.#names.has(fields.slice(start, stop).toLowerCase())
  }
}
