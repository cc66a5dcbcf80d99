import { type Address, formatAddress } from 'mailwright'
import type { Alias } from './alias.ts'
import type { FoundValue } from './alias-look-up.ts'

/** Targets from which on an alias is kept. */
const large = 100
/** Aliases that are kept; one may have ten thousand targets. */
const mostKept = 10

/** Large aliases that were read lately: several questions are asked of each recipient, and reading one takes milliseconds. */
export class LargeAliases {
  readonly #kept = new Map<string, { readonly found: FoundValue; readonly alias: Alias }>()

  /** What was read of the same for the same address, else what `read` makes of it. */
  async get(address: Address, found: FoundValue, read: () => Promise<Alias>): Promise<Alias> {
    const key = formatAddress(address)
    const kept = this.#kept.get(key)
    if (kept !== undefined && isSame(kept.found, found)) return kept.alias
    const alias = await read()
    this.#kept.delete(key)
    // An included file may change while the value stays.
    if (alias.hasIncludes || alias.addresses.length < large) return alias
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { found, alias })
    return alias
  }
}

function isSame(one: FoundValue, other: FoundValue): boolean {
  return (
    one.value === other.value &&
    one.via === other.via &&
    one.detail === other.detail &&
    one.namesDomain === other.namesDomain &&
    one.byPattern === other.byPattern
  )
}
