import { type MessageEntry, systemFlags } from 'mailwright'
import { keywordsOf, mailboxFacts } from './keywords.ts'

/** The keywords of a mailbox that its client has been told of. */
export class ToldKeywords {
  readonly #initial: () => readonly MessageEntry[]
  #keywords: Set<string> | undefined

  /** `initial` is asked once, where it matters: most clients never ask. */
  constructor(initial: () => readonly MessageEntry[]) {
    this.#initial = initial
  }

  get #told(): Set<string> {
    this.#keywords ??= new Set(mailboxFacts(this.#initial()).keywords)
    return this.#keywords
  }

  /** Whether there are some that the client did not know of; now it does. */
  add(entries: readonly MessageEntry[]): boolean {
    if (entries.length === 0) return false
    const told = this.#told
    const fresh = keywordsOf(entries).filter((keyword) => !told.has(keyword))
    for (const keyword of fresh) told.add(keyword)
    return fresh.length > 0
  }

  /** With the system flags. */
  flagNames(): readonly string[] {
    return [...systemFlags, ...this.#told]
  }
}
