/** What a session has agreed on so far, which changes what a server may say. */
export interface Dialect {
  /** IMAP4rev2 is enabled: RFC 9051 §9 counts, else RFC 3501 §9. */
  rev2: boolean
  /** UTF8=ACCEPT is enabled (RFC 6855 §3). */
  utf8: boolean
  /** The capabilities that the server last named, in upper case. */
  capabilities: ReadonlySet<string>
}

/** The dialect of a session that has just been opened. */
export function plainDialect(): Dialect {
  return { rev2: false, utf8: false, capabilities: new Set() }
}

/** A server said what the formal syntax does not allow. */
export class GrammarError extends Error {
  /** The octet of the response that is wrong, from 0. */
  readonly position: number

  constructor(problem: string, octets: Buffer, position: number) {
    super(`${problem} at octet ${position}: ${shown(octets, position)}`)
    this.name = 'GrammarError'
    this.position = position
  }
}

const shownOctets = 60

/** The response around a position, which `▸` marks. */
function shown(octets: Buffer, position: number): string {
  const text = (from: number, to: number) => JSON.stringify(octets.toString('latin1', from, to)).slice(1, -1)
  const from = Math.max(0, position - shownOctets)
  return `${from > 0 ? '…' : ''}${text(from, position)}▸${text(position, position + shownOctets)}`
}

/** Reads one response, octet for octet. Everything that does not fit throws a GrammarError. */
export class Cursor {
  readonly octets: Buffer
  readonly dialect: Dialect
  #at = 0

  constructor(octets: Buffer, dialect: Dialect) {
    this.octets = octets
    this.dialect = dialect
  }

  get position(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.octets.length
  }

  /** The next octet; -1 at the end. */
  peek(): number {
    return this.octets[this.#at] ?? -1
  }

  /** Whether these characters come next, in any case. */
  sees(text: string): boolean {
    const end = this.#at + text.length
    return (
      end <= this.octets.length &&
      this.octets.toString('latin1', this.#at, end).toUpperCase() === text.toUpperCase()
    )
  }

  /** Takes these characters where they come next. */
  takes(text: string): boolean {
    if (!this.sees(text)) return false
    this.#at += text.length
    return true
  }

  expect(text: string): void {
    if (!this.takes(text)) this.fail(`expected ${JSON.stringify(text)}`)
  }

  /** SP: exactly one space (RFC 9051 §9). */
  space(): void {
    this.expect(' ')
  }

  /** Takes octets as long as they are of a class. */
  takeWhile(kind: readonly boolean[]): string {
    const start = this.#at
    while (kind[this.peek()]) this.#at++
    return this.octets.toString('latin1', start, this.#at)
  }

  takeOctets(count: number): Buffer {
    if (this.#at + count > this.octets.length) this.fail(`expected ${count} octets`)
    this.#at += count
    return this.octets.subarray(this.#at - count, this.#at)
  }

  /** Tries something; where it fails, nothing was read. */
  attempt<T>(read: () => T): T | undefined {
    const start = this.#at
    try {
      return read()
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error
      this.#at = start
      return undefined
    }
  }

  fail(problem: string, position = this.#at): never {
    throw new GrammarError(problem, this.octets, position)
  }
}
