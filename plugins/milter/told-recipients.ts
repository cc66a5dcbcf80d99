import { type Candidate, formatAddress, type Transaction } from 'mailwright'

/**
 * The recipients that a milter took, until it is known what others make of them: a plugin that is asked later may refuse one,
 * and whether it did shows only when the next command comes.
 */
export class ToldRecipients {
  #candidates: Candidate[] = []

  add(candidate: Candidate): void {
    this.#candidates.push(candidate)
  }

  clear(): void {
    this.#candidates = []
  }

  /** Those that were refused since. */
  takeRefused({ recipients }: Transaction): readonly Candidate[] {
    const accepted = new Set(recipients.map(({ forwardPath }) => formatAddress(forwardPath)))
    const refused = this.#candidates.filter(({ forwardPath }) => !accepted.has(formatAddress(forwardPath)))
    this.clear()
    return refused
  }
}
