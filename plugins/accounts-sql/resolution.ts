import type { Knex } from 'knex'
import { type Address, addressKey, canonicalDomain, type Resolution, splitDetail } from 'mailwright'
import { type AccountRow, type AliasRow, type DomainRow, toAccount } from './tables.ts'

/** What an address may be found as, the best first. */
interface Candidate {
  readonly key: string
  readonly detail?: string
  readonly via: 'alias' | 'catch-all'
}

/**
 * What an address is: the account or alias of exactly that name, else of the name without its detail, else the
 * domain's catch-all. Two queries by index and one for the domain.
 */
export async function resolveAddress(knex: Knex, address: Address, separator: string): Promise<Resolution> {
  const domain = canonicalDomain(address.domain)
  if (domain === undefined || (await findDomain(knex, domain)) === undefined) return { kind: 'foreign' }
  const candidates = candidatesOf({ localPart: address.localPart, domain }, separator)
  const keys = candidates.map(({ key }) => key)
  const accounts = await knex<AccountRow>('accounts').whereIn('address_key', keys).select()
  const aliases = await knex<AliasRow>('aliases')
    .whereIn('address_key', keys)
    .orderBy(['created_at', 'id'])
    .select()
  for (const { key, detail, via } of candidates) {
    const account = accounts.find((row) => row.address_key === key)
    if (account !== undefined) {
      return { kind: 'account', account: toAccount(account), ...(detail === undefined ? {} : { detail }) }
    }
    const targets = aliases.filter((row) => row.address_key === key)
    if (targets.length > 0) return { kind: 'alias', addresses: targets.map(targetOf), via }
  }
  return { kind: 'unknown' }
}

export async function findDomain(knex: Knex, name: string): Promise<DomainRow | undefined> {
  const rows = await knex<DomainRow>('domains').where({ name }).select()
  return rows.find((row) => row.name === name)
}

export function targetOf(row: AliasRow): Address {
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
