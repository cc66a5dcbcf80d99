const delimiter = '/'

/** A name with wildcards: `*` stands for anything, `%` for anything within one level (RFC 9051 §6.3.9). */
class MailboxPattern {
  readonly #pattern: string
  readonly #prefix: string
  /** What is behind that, the first wildcard first. */
  readonly #rest: string
  /** How long a name must be at least. */
  readonly #shortest: number

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#prefix = /^[^*%]*/.exec(pattern)?.[0] ?? ''
    this.#rest = pattern.slice(this.#prefix.length)
    this.#shortest = pattern.replace(/[*%]/g, '').length
  }

  matches(name: string): boolean {
    if (name.length < this.#shortest || !name.startsWith(this.#prefix)) return false
    if (this.#rest === '*') return true
    if (this.#rest === '%') return !name.includes(delimiter, this.#prefix.length)
    return this.#fits(name)
  }

  /** Follows all ways through the pattern at once: no pattern can make that take long. */
  #fits(name: string): boolean {
    const { length } = this.#pattern
    let places = new Uint8Array(length + 1)
    let next = new Uint8Array(length + 1)
    const start = this.#prefix.length
    places[start] = 1
    this.#skipWildcards(places)
    for (let at = start; at < name.length; at += 1) {
      next.fill(0)
      this.#advance(places, next, name.charAt(at))
      this.#skipWildcards(next)
      ;[places, next] = [next, places]
    }
    return places[length] === 1
  }

  #advance(places: Uint8Array, next: Uint8Array, character: string): void {
    for (let place = this.#prefix.length; place < this.#pattern.length; place += 1) {
      if (places[place] === 0) continue
      const wanted = this.#pattern.charAt(place)
      if (wanted === '*' || (wanted === '%' && character !== delimiter)) next[place] = 1
      else if (wanted === character) next[place + 1] = 1
    }
  }

  /** A wildcard may stand for nothing. */
  #skipWildcards(places: Uint8Array): void {
    for (let place = this.#prefix.length; place < this.#pattern.length; place += 1)
      if (places[place] === 1 && isWildcard(this.#pattern.charAt(place))) places[place + 1] = 1
  }
}

/** Characters that patterns with wildcards may have together: each name is compared with each of them. */
const mostCharacters = 4_096

/** The canonical patterns of a LIST command (RFC 5258 §2): a name is listed where one of them matches. */
export class MailboxPatterns {
  readonly #names = new Set<string>()
  readonly #all: MailboxPattern[] = []
  readonly #ofLevels: MailboxPattern[] = []

  /** Empty ones match nothing; of those with wildcards what is beyond 4,096 characters is ignored (RFC 5258 §3). */
  constructor(reference: string, patterns: readonly (string | undefined)[]) {
    let left = mostCharacters
    for (const written of new Set(patterns)) {
      if (written === undefined || written === '') continue
      const pattern = interpreted(reference + written)
      if (!/[*%]/.test(pattern)) this.#names.add(pattern)
      else if (pattern.length <= left) {
        left -= pattern.length
        const compiled = new MailboxPattern(pattern)
        this.#all.push(compiled)
        if (written.endsWith('%')) this.#ofLevels.push(compiled)
      }
    }
  }

  matches(name: string): boolean {
    return this.#names.has(name) || this.#all.some((pattern) => pattern.matches(name))
  }

  /** Whether a pattern matches that ends with `%`, so that levels are listed that are no mailboxes (RFC 9051 §6.3.9). */
  matchesLevel(name: string): boolean {
    return this.#ofLevels.some((pattern) => pattern.matches(name))
  }
}

/** INBOX in any case is INBOX (RFC 9051 §5.1); several wildcards next to each other are one. */
function interpreted(pattern: string): string {
  return pattern
    .replace(/^inbox(?=\/|$)/i, 'INBOX')
    .replace(/[*%]+/g, (wildcards) => (wildcards.includes('*') ? '*' : '%'))
}

function isWildcard(character: string): boolean {
  return character === '*' || character === '%'
}
