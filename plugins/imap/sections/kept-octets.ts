import type { ImapMessage } from 'mailwright/imap'

export type OctetBudget = ImapMessage['keeps']

const mostKept = 8 * 1_048_576

/** What is kept in memory of sections until they are written, in all. What goes beyond it is made again then. */
export class KeptOctets implements OctetBudget {
  #left = mostKept

  /** Whether so many more may be kept; they count from then on. */
  take(octets: number): boolean {
    if (octets > this.#left) return false
    this.#left -= octets
    return true
  }
}
