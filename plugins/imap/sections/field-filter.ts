import type { OctetFilter } from './octet-filter.ts'

// RFC 5322 §3.6.8 ftext; §4.5 lets white space stand before the colon.
const fieldName = /([\x21-\x39\x3b-\x7e]+)[ \t]*:/y
// A line of which nothing of the kind is seen so far is no field.
const longestName = 1_000
const [TAB, LF, CR, SPACE] = [9, 10, 13, 32]

/**
 * Keeps fields of a header by their names, as they stand, and the empty line that ends it (RFC 9051 §7.5.2). Lines that
 * are no field are kept where the fields that are not named are.
 */
export class FieldFilter implements OctetFilter {
  /** In lower case. */
  readonly #names: ReadonlySet<string>
  readonly #keepsOthers: boolean
  /** What is read and not decided on: the beginning of a line. */
  #rest = ''
  #isKept: boolean
  /** Whether the next octet goes on with a line. */
  #inLine = false

  /** Names are compared without regard to case. `keepsOthers` keeps all but those. */
  constructor(names: readonly string[], keepsOthers: boolean) {
    this.#names = new Set(names.map((name) => name.toLowerCase()))
    this.#keepsOthers = keepsOthers
    this.#isKept = keepsOthers
  }

  push(octets: Buffer): Buffer {
    return this.#read(this.#rest + octets.toString('latin1'), false)
  }

  end(): Buffer {
    return this.#read(this.#rest, true)
  }

  #read(text: string, isAll: boolean): Buffer {
    let kept = ''
    let start = 0
    while (start < text.length) {
      const lf = text.indexOf('\n', start)
      if (!this.#inLine) {
        const isWhole = isAll || lf !== -1 || text.length - start > longestName
        if (!isWhole) break
        this.#begin(text, start)
      }
      const end = lf === -1 ? text.length : lf + 1
      if (this.#isKept) kept += text.slice(start, end)
      this.#inLine = lf === -1
      start = end
    }
    this.#rest = text.slice(start)
    return Buffer.from(kept, 'latin1')
  }

  /** Decides on the line that begins here. */
  #begin(text: string, start: number): void {
    const first = text.charCodeAt(start)
    // A line that begins with white space goes on with the field before.
    if (first === SPACE || first === TAB) return
    const isEmpty = first === LF || (first === CR && text.charCodeAt(start + 1) === LF)
    fieldName.lastIndex = start
    const name = isEmpty ? undefined : fieldName.exec(text)?.[1]
    const isNamed = name !== undefined && this.#names.has(name.toLowerCase())
    this.#isKept = isEmpty || isNamed !== this.#keepsOthers
  }
}
