import { type Address, formatAddress } from 'mailwright'
import type { Alias } from './alias.ts'
import type { FoundValue } from './alias-look-up.ts'

/** Targets from which on an alias is kept. */
const large = 100
/** Aliases that are kept; one may have ten thousand targets. */
const mostKept = 10

/** Large aliases that were read lately: several questions are asked of each recipient, and reading one takes milliseconds. */
export class LargeAliases {
  readonly #kept = new Map<string, { readonly value: string; readonly alias: Alias }>()

  /** What was read of the same value for the same address, else what `read` makes of it. */
  async get(address: Address, { value }: FoundValue, read: () => Promise<Alias>): Promise<Alias> {
    const key = formatAddress(address)
    const kept = this.#kept.get(key)
    if (kept?.value === value) return kept.alias
    const alias = await read()
    this.#kept.delete(key)
    // An included file may change while the value stays.
    if (alias.hasIncludes || alias.addresses.length < large) return alias
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { value, alias })
    return alias
  }
}
