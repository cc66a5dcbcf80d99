import type { Knex } from 'knex'
import { type Address, addressKey, canonicalDomain, type Database, type Resolution } from 'mailwright'
import { splitDetail } from 'mailwright/accounts'
import type { Loaded } from './lookup-cache.ts'
import { type AccountRow, type AliasRow, toAccount } from './tables.ts'

/** What an address may be found as, the best first. */
interface Candidate {
  readonly key: string
  readonly detail?: string
  readonly via: 'alias' | 'catch-all'
}

/** A row of {@link everything}: of a domain, an account or an alias. */
interface FoundRow extends AccountRow, Pick<AliasRow, 'target_local_part' | 'target_domain' | 'expires_at'> {
  readonly kind: 'domain' | 'account' | 'alias'
}

// One question for all that can decide an address: its domain, and the accounts and aliases of up to three keys.
const everything = `
  select 'domain' as kind, name as address_key, alias_of as id, null as local_part, null as domain,
    null as display_name, null as quota_bytes, disabled, null as disabled_protocols, null as sending_recipients,
    null as sending_seconds, null as target_local_part, null as target_domain, created_at, null as expires_at
  from domains where name = ?
  union all
  select 'account', address_key, id, local_part, domain, display_name, quota_bytes, disabled, disabled_protocols,
    sending_recipients, sending_seconds, null, null, created_at, null
  from accounts where address_key in (?, ?)
  union all
  select 'alias', address_key, id, null, null, null, null, null, null, null, null, target_local_part, target_domain,
    created_at, expires_at
  from aliases where address_key in (?, ?, ?)`

export interface ResolutionSettings {
  readonly dialect: Database['dialect']
  /** See the option `detailSeparator`. */
  readonly separator: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * What an address is: the account or alias of exactly that name, else of the name without its detail, else the
 * domain's catch-all. One query by index; one more for an alias domain.
 */
export async function resolveAddress(
  knex: Knex,
  address: Address,
  { separator, now, dialect }: ResolutionSettings,
): Promise<Loaded<Resolution>> {
  const domain = canonicalDomain(address.domain)
  if (domain === undefined) return { value: { kind: 'foreign' }, isNegative: true }
  const whole = { localPart: address.localPart, domain }
  const asked = await find(knex, whole, { separator, dialect })
  const { own } = asked
  if (own === undefined) return { value: { kind: 'foreign' }, isNegative: true }
  // An alias domain's own id column is the domain that it stands for.
  if (own.id === null) return judge(asked, now)
  if (own.disabled) return unknown
  return judge(await find(knex, { ...whole, domain: own.id }, { separator, dialect }), now)
}

interface Found {
  readonly candidates: readonly Candidate[]
  readonly rows: readonly FoundRow[]
  /** The domain's row. */
  readonly own: (Omit<FoundRow, 'id'> & { readonly id: string | null }) | undefined
}

const unknown: Loaded<Resolution> = { value: { kind: 'unknown' }, isNegative: true }

async function find(
  knex: Knex,
  address: Address,
  { separator, dialect }: Omit<ResolutionSettings, 'now'>,
): Promise<Found> {
  const candidates = candidatesOf(address, separator)
  const [first = '', second = first, third = first] = candidates.map(({ key }) => key)
  const bindings = [address.domain, first, second, first, second, third]
  // As it is: within another select, which knex has a form for, MySQL would write the rows into a table of its own first.
  const answer = await knex.raw(everything, bindings)
  const rows: readonly FoundRow[] = dialect === 'mysql' ? answer[0] : answer
  const own = rows.find((row) => row.kind === 'domain' && row.address_key === address.domain)
  return { candidates, rows, own }
}

/** The first candidate that is somebody. Aliases that end make the answer one that ends. */
function judge({ candidates, rows, own }: Found, now: number): Loaded<Resolution> {
  if (own === undefined) return { value: { kind: 'foreign' }, isNegative: true }
  for (const { key, detail, via } of candidates) {
    const isIts = (kind: FoundRow['kind']) => (row: FoundRow) => row.kind === kind && row.address_key === key
    const account = rows.find(isIts('account'))
    if (account !== undefined) {
      const found = { kind: 'account', account: toAccount(account, own.disabled) } as const
      return { value: detail === undefined ? found : { ...found, detail }, isNegative: false }
    }
    const targets = own.disabled ? [] : rows.filter(isIts('alias')).filter((row) => endOf(row) > now)
    if (targets.length === 0) continue
    const addresses = targets.toSorted(byAge).map(targetOf)
    return {
      value: { kind: 'alias', addresses, via },
      isNegative: false,
      validUntil: Math.min(...targets.map(endOf)),
    }
  }
  return unknown
}

/** When a target ends, in milliseconds since 1970. */
function endOf({ expires_at }: Pick<AliasRow, 'expires_at'>): number {
  return expires_at === null ? Number.POSITIVE_INFINITY : Number(expires_at)
}

function byAge(a: FoundRow, b: FoundRow): number {
  return Number(a.created_at) - Number(b.created_at) || (a.id < b.id ? -1 : 1)
}

export function targetOf(row: Pick<AliasRow, 'target_local_part' | 'target_domain'>): Address {
  return { localPart: row.target_local_part, domain: row.target_domain }
}

function candidatesOf(address: Address, separator: string): readonly Candidate[] {
  const candidates: Candidate[] = [
    { key: addressKey(address), via: address.localPart === '' ? 'catch-all' : 'alias' },
  ]
  const split = splitDetail(address, separator)
  if (split !== undefined)
    candidates.push({ key: addressKey(split.address), detail: split.detail, via: 'alias' })
  candidates.push({ key: addressKey({ localPart: '', domain: address.domain }), via: 'catch-all' })
  return candidates
}
