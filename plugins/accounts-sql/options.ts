import { type Address, type OptionReader, readOptions } from 'mailwright'
import {
  type CramMd5Options,
  parseOwnAddress,
  readCramMd5Options,
  readDetailSeparator,
  readScramOptions,
  type ScramOptions,
} from 'mailwright/accounts'
import type { LookupCacheSettings } from './lookup-cache.ts'

/** How addresses are looked up, and what a first run makes. */
export interface AccountsSqlOptions {
  /** What separates the detail from the local part (RFC 5233); empty where nothing does. */
  readonly detailSeparator: string
  /** Undefined: every look-up asks the database. */
  readonly cache: LookupCacheSettings | undefined
  /** The account that is made, with its domain and a generated password, when a server starts without any account. */
  readonly firstAccount: FirstAccount | undefined
  /** Undefined: no keys for SCRAM are kept. */
  readonly scram: ScramOptions | undefined
  /** Undefined: nothing is kept for CRAM-MD5. */
  readonly cramMd5: CramMd5Options | undefined
}

export interface FirstAccount {
  readonly address: Address
}

/** What a config may write. */
export interface AccountsSqlInput {
  /** `+`. Empty for none. */
  readonly detailSeparator?: string
  /** How look-ups are kept; false: not at all. */
  readonly cache?: CacheInput | false
  /** Keys for SCRAM beside the hashes of passwords; none where absent. */
  readonly scram?: ScramInput
  /** Passwords are kept for CRAM-MD5 in the place of argon2id, which is next to keeping them in clear; not where absent. */
  readonly cramMd5?: CramMd5Input
  /** None is made where absent. */
  readonly firstAccount?: {
    /** Such as `postmaster@example.org`. */
    readonly address: string
  }
}

/** How look-ups are kept. Logins never are. */
export interface CacheInput {
  /** Answers at most, half a kilobyte each: 10,000. A quarter as many "no such address" are kept beside them. */
  readonly size?: number
  /** How long an answer is kept while nothing changes: `1m`. "No such address" is kept for 10 s at most. */
  readonly ttl?: number | string
  /** How long a change that another process makes may stay unnoticed: `1s`. 0: every look-up asks. */
  readonly checkEvery?: number | string
}

/** How keys for SCRAM are kept. They are made of new passwords, and of others at their next login in clear. */
export interface ScramInput {
  /** Whether clients are offered SCRAM: when enough accounts have keys, for most clients try nothing else then. `false`. */
  readonly offer?: boolean
  /** How often a guess must be hashed: by thieves of the tables, and by every client at every login. 600,000. */
  readonly iterations?: number
}

/** How passwords are kept for CRAM-MD5: new ones, and others from their next login in clear on. */
export interface CramMd5Input {
  /** Whether clients are offered CRAM-MD5: when enough accounts can use it, for many clients try nothing else then. `false`. */
  readonly offer?: boolean
}

export function parseOptions(input: unknown): AccountsSqlOptions {
  const read = readOptions(input)
  return read.done({
    detailSeparator: readDetailSeparator(read),
    cache: read.value('cache') === false ? undefined : (read.object('cache', readCache) ?? defaultCache),
    firstAccount: read.object('firstAccount', readFirstAccount),
    scram: readScramOptions(read),
    cramMd5: readCramMd5Options(read),
  })
}

const defaultCache: LookupCacheSettings = { size: 10_000, ttl: 60_000, checkEvery: 1000 }

function readCache(read: OptionReader): LookupCacheSettings {
  const { size, ttl, checkEvery } = defaultCache
  return {
    size: read.integer('size', { default: size, min: 1, max: 10_000_000 }),
    ttl: read.duration('ttl', { default: ttl, min: 1, max: 86_400_000 }),
    checkEvery: read.duration('checkEvery', { default: checkEvery, max: 60_000 }),
  }
}

function readFirstAccount(read: OptionReader): FirstAccount {
  const text = read.string('address')
  const address = parseOwnAddress(text)
  if (text !== '' && (address === undefined || address.localPart === '')) {
    read.fault('address', 'must be an address such as "postmaster@example.org"')
  }
  return { address: address ?? { localPart: '', domain: '' } }
}
