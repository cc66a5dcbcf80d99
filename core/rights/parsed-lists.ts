import { type OwnerLists, parseAccessLists } from './access-list-file.ts'

interface Known {
  readonly octets: Buffer
  readonly lists: OwnerLists | undefined
}

/** Octets of files whose contents are kept. */
const mostOctets = 8 * 1024 * 1024

/**
 * What files of access control lists hold, remembered as long as their octets are the same: to take a long list apart costs
 * fifty times as much as to read its file, and it is done for nearly every operation on the mailboxes of others.
 */
export class ParsedLists {
  /** By name of the file, those used last at the end. */
  readonly #known = new Map<string, Known>()
  #octets = 0

  /** See `parseAccessLists`. What is answered may be answered again: it must not be changed. */
  parse(name: string, octets: Buffer): OwnerLists | undefined {
    const former = this.#forget(name)
    const known = former?.octets.equals(octets) ? former : { octets, lists: parseAccessLists(octets) }
    this.#known.set(name, known)
    this.#octets += octets.length
    for (const each of this.#known.keys()) {
      if (this.#octets <= mostOctets) break
      this.#forget(each)
    }
    return known.lists
  }

  #forget(name: string): Known | undefined {
    const known = this.#known.get(name)
    this.#known.delete(name)
    this.#octets -= known?.octets.length ?? 0
    return known
  }
}
