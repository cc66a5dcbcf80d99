import type { Knex } from 'knex'
import { blockText, type Clock, type Database, parseAddressPattern, parseNetwork } from 'mailwright'
import type { GreylistingOptions } from './options.ts'
import type { AllowanceRow } from './tables.ts'
import { unlessThere } from './triplets.ts'

// One burst of messages is one pass, and what is known is not written down again before.
const countEvery = 3_600_000

/**
 * The one form of what can be allowed: a network (`192.0.2.0/24`), or a pattern of senders, where a domain includes all below it.
 * Undefined for anything else.
 */
export function allowanceKey(text: string): string | undefined {
  const network = parseNetwork(text)
  if (network !== undefined) return blockText(network.octets, network.prefix)
  // In brackets an address is as likely to be meant for a client's.
  return text.startsWith('[') ? undefined : parseAddressPattern(text)?.key
}

/** Who need not wait: by an administrator's word, or because their network has come back often enough. */
export class Allowances {
  readonly #database: Database
  readonly #clock: Clock
  readonly #options: Pick<GreylistingOptions, 'allowAfter' | 'maxAge'>

  constructor(database: Database, clock: Clock, options: Pick<GreylistingOptions, 'allowAfter' | 'maxAge'>) {
    this.#database = database
    this.#clock = clock
    this.#options = options
  }

  /** Whether one of the keys is allowed. MAIL_E_UNAVAILABLE where the database does not answer. */
  async includes(keys: readonly string[]): Promise<boolean> {
    const now = this.#clock.now()
    const found = await this.#database.query((knex) => table(knex).whereIn('name', [...new Set(keys)]))
    if (found.some(({ kind }) => kind === 'manual')) return true
    const earned = found.find((row) => this.#isEarned(row, now))
    if (earned === undefined) return false
    if (Math.abs(now - Number(earned.last_seen)) >= countEvery)
      await this.#database.query((knex) =>
        table(knex)
          .where({ name: earned.name })
          .update({ last_seen: now, expires_at: now + this.#options.maxAge }),
      )
    return true
  }

  /** A client of the network has come back. */
  async earn(network: string): Promise<void> {
    const { allowAfter, maxAge } = this.#options
    if (allowAfter === 0) return
    const now = this.#clock.now()
    const times = { last_seen: now, expires_at: now + maxAge }
    const counting = this.#database.transaction(async (transaction) => {
      const row = () => table(transaction).where({ name: network, kind: 'earned' })
      const again = await row()
        .where('expires_at', '<=', now)
        .update({ passes: 1, ...times })
      if (again > 0) return
      const current = await table(transaction).where({ name: network }).first()
      if (current === undefined)
        await table(transaction).insert({ name: network, kind: 'earned', passes: 1, ...times })
      else
        await row()
          .where('last_seen', '<=', now - countEvery)
          .increment('passes', 1)
          .update(times)
    })
    await unlessThere(counting)
  }

  /** From now on, for good. */
  async allow(key: string): Promise<void> {
    const manual = { kind: 'manual', passes: 0, last_seen: this.#clock.now(), expires_at: 0 }
    const add = () => this.#database.query((knex) => table(knex).insert({ name: key, ...manual }))
    const change = () => this.#database.query((knex) => table(knex).where({ name: key }).update(manual))
    if ((await change()) > 0) return
    await unlessThere(add())
    await change()
  }

  #isEarned({ kind, passes, expires_at }: AllowanceRow, now: number): boolean {
    const { allowAfter } = this.#options
    return kind === 'earned' && allowAfter > 0 && passes >= allowAfter && Number(expires_at) > now
  }
}

function table(knex: Knex): Knex.QueryBuilder<AllowanceRow, AllowanceRow[]> {
  return knex<AllowanceRow>('greylist_allowances')
}
