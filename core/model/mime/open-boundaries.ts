import type { OpenPart } from './mime-builder.ts'

/** A delimiter that was met. */
export interface FoundDelimiter {
  /** The multipart whose delimiter it is. */
  readonly part: OpenPart
  /** Whether it is the multipart's last one. */
  readonly closes: boolean
  /** Whether other text stands behind the boundary. */
  readonly hasText: boolean
}

/** The boundaries of the multiparts that a message is in at one place, each with the one that it means there. */
export class OpenBoundaries {
  readonly #parts = new Map<string, OpenPart>()
  /** The lengths that they have, the longest first; undefined where that is to be found anew. */
  #lengths: readonly number[] | undefined

  get isEmpty(): boolean {
    return this.#parts.size === 0
  }

  get(boundary: string): OpenPart | undefined {
    return this.#parts.get(boundary)
  }

  set(boundary: string, part: OpenPart): void {
    this.#parts.set(boundary, part)
    this.#lengths = undefined
  }

  delete(boundary: string): void {
    this.#parts.delete(boundary)
    this.#lengths = undefined
  }

  clear(): void {
    this.#parts.clear()
    this.#lengths = undefined
  }

  /** What a line behind its two hyphens delimits, white space at its end taken away; undefined where that is nothing. */
  find(line: string): FoundDelimiter | undefined {
    const part = this.#parts.get(line)
    if (part !== undefined) return { part, closes: false, hasText: false }
    const closed = line.endsWith('--') ? this.#parts.get(line.slice(0, -2)) : undefined
    return closed ? { part: closed, closes: true, hasText: false } : this.#findPrefix(line)
  }

  /**
   * RFC 2046 §5.1.1: what begins with a boundary is enough; of several the longest is meant. One look for each length, of
   * which there are few, however many boundaries are open.
   */
  #findPrefix(line: string): FoundDelimiter | undefined {
    this.#lengths ??= [...new Set([...this.#parts.keys()].map(({ length }) => length))].sort((a, b) => b - a)
    for (const length of this.#lengths) {
      const part = length < line.length ? this.#parts.get(line.slice(0, length)) : undefined
      if (part !== undefined) return { part, closes: line.startsWith('--', length), hasText: true }
    }
    return undefined
  }
}
