import { type Address, errorText, type Log, type Reply, reply } from 'mailwright'
import type { Aliases } from './aliases.ts'
import { isSlowPattern } from './slow-pattern.ts'

// RFC 3463 §3.2: 5.1.1 is "bad destination mailbox address".
const unknownAddress = reply(550, '5.1.1', 'No such address here')
const notSearched = reply(451, '4.3.0', 'A table of aliases could not be searched for that address')
/** Patterns that have been told of. */
const mostTold = 100

/** What recipients are told before anybody takes them. */
export class RecipientCheck {
  readonly #aliases: Aliases
  readonly #log: Log
  readonly #told = new Set<string>()

  constructor(aliases: Aliases, log: Log) {
    this.#aliases = aliases
    this.#log = log
  }

  async refusal(address: Address): Promise<Reply | undefined> {
    try {
      await this.#aliases.searchPatterns(address)
      return (await this.#aliases.isUnknown(address)) ? unknownAddress : undefined
    } catch (error) {
      if (!isSlowPattern(error)) throw error
      this.#tell(error)
      return notSearched
    }
  }

  /** Once: whoever knows an address for which a pattern takes too long may send as many of them as he wants. */
  #tell(error: unknown): void {
    const text = errorText(error)
    if (this.#told.has(text) || this.#told.size >= mostTold) return
    this.#told.add(text)
    this.#log.error('plugin-failed', { error })
  }
}
