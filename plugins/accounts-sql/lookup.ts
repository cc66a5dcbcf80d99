import type { Knex } from 'knex'
import {
  type Account,
  type Accounts,
  type Address,
  type Clock,
  canonicalDomain,
  type Database,
  type Domain,
  type Resolution,
} from 'mailwright'
import { readGeneration } from './changes.ts'
import { type Loaded, LookupCache, type LookupCacheSettings } from './lookup-cache.ts'
import { resolveAddress } from './resolution.ts'
import { findDomain, toAccount, toDomain, viewAccounts } from './tables.ts'

// No address is longer; what is, is looked up and not kept.
const LONGEST_KEY = 400

export interface LookupSettings {
  readonly database: Database
  readonly clock: Clock
  readonly separator: string
  /** Undefined: nothing is kept. */
  readonly cache: LookupCacheSettings | undefined
}

/** The look-ups of the service, with what is kept of them. */
export class Lookup implements Pick<Accounts, 'domain' | 'resolve' | 'byId'> {
  readonly #settings: LookupSettings
  readonly #cache: LookupCache | undefined

  constructor(settings: LookupSettings) {
    const { cache, clock, database } = settings
    this.#settings = settings
    this.#cache = cache && new LookupCache(cache, clock, () => database.query(readGeneration))
  }

  /** Something was changed here. */
  forget(): void {
    this.#cache?.clear()
  }

  /** Something may have been changed elsewhere. */
  suspect(): void {
    this.#cache?.suspect()
  }

  async domain(name: string): Promise<Domain | undefined> {
    const canonical = canonicalDomain(name)
    if (canonical === undefined) return undefined
    return this.#get(`domain ${canonical}`, async (knex) => {
      const row = await findDomain(knex, canonical)
      return { value: row && toDomain(row), isNegative: row === undefined }
    })
  }

  async resolve(address: Address): Promise<Resolution> {
    const { separator, clock, database } = this.#settings
    // As it is spelt: the detail is part of the answer.
    const key = `address ${canonicalDomain(address.domain) ?? ''} ${address.localPart}`
    return this.#get(key, (knex) =>
      resolveAddress(knex, address, { separator, now: clock.now(), dialect: database.dialect }),
    )
  }

  async byId(id: string): Promise<Account | undefined> {
    return this.#get(`id ${id}`, async (knex) => {
      const row = await viewAccounts(knex).where('accounts.id', id).first()
      const account = row?.id === id ? toAccount(row, row.domain_disabled) : undefined
      return { value: account, isNegative: account === undefined }
    })
  }

  async #get<Value>(key: string, load: (knex: Knex) => Promise<Loaded<Value>>): Promise<Value> {
    const { database } = this.#settings
    if (this.#cache === undefined || key.length > LONGEST_KEY) return (await database.query(load)).value
    return this.#cache.get(key, () => database.query(load))
  }
}
