import type { Knex } from 'knex'
import { type Address, addressKey, canonicalDomain, type Resolution, sameAddress } from 'mailwright'
import { splitDetail } from 'mailwright/accounts'
import type { FoundAccount, FoundAlias, FoundDomain, Schema } from './schema.ts'
import { validAddress } from './spelling.ts'
import { readTargets } from './targets.ts'

export interface ResolutionSettings {
  readonly detailSeparator: string
  readonly defaultDomain: string | undefined
}

/** What an address is, and who gets a copy of what an account gets. */
export interface Found {
  readonly resolution: Resolution
  /** For accounts: where the account's own alias leads beside the account itself. */
  readonly copies: readonly Address[]
  /** Targets that are no addresses. */
  readonly unreadable: readonly string[]
}

/** What an address may be found as, the best first. */
interface Candidate {
  readonly address: Address
  readonly detail?: string
}

/**
 * What an address is: its own alias or account, else those of the name without its detail, else the domain's catch-all;
 * in an alias domain the same at the other domain. An alias comes before an account, and one that names itself is the
 * account, as Postfix has it; but a catch-all never takes what is for an account.
 */
export async function find(
  schema: Schema,
  knex: Knex,
  asked: Address,
  settings: ResolutionSettings,
): Promise<Found> {
  const name = canonicalDomain(asked.domain)
  const domain = name === undefined ? undefined : await schema.domain(knex, name)
  if (domain === undefined) return nothing('foreign')
  const address = validAddress({ localPart: asked.localPart, domain: domain.name })
  if (address === undefined || address.localPart === '') return nothing('unknown')
  const names = namesOf(address, domain, settings.detailSeparator)
  const catchAlls = domainsOf(domain).map((each) => ({ address: { localPart: '', domain: each } }))
  const aliases = await schema.aliasesAt(knex, addressesOf([...names, ...catchAlls]))
  const accounts = await schema.accountsAt(knex, addressesOf(names))
  for (const candidate of names) {
    const found = foundAs(candidate, aliases, accounts, settings)
    if (found !== undefined) return found
  }
  for (const { address: catchAll } of catchAlls) {
    const targets = targetsOf(
      aliases,
      catchAll,
      { localPart: address.localPart, domain: catchAll.domain },
      settings,
    )
    if (targets === undefined) continue
    return {
      ...nothing('unknown'),
      ...aliasTo(targets.addresses, 'catch-all'),
      unreadable: targets.unreadable,
    }
  }
  return nothing('unknown')
}

function foundAs(
  { address, detail }: Candidate,
  aliases: readonly FoundAlias[],
  accounts: readonly FoundAccount[],
  settings: ResolutionSettings,
): Found | undefined {
  const account = accounts.find((each) => sameAddress(each.account.address, address))?.account
  const targets = targetsOf(aliases, address, address, settings)
  if (targets === undefined && account === undefined) return undefined
  const { addresses, unreadable } = targets ?? { addresses: [], unreadable: [] }
  const others = addresses.filter((target) => !sameAddress(target, address))
  const namesItself = others.length < addresses.length
  // An automatic reply alone takes nothing away from the account.
  if (account !== undefined && (namesItself || addresses.length + unreadable.length === 0)) {
    const resolution = { kind: 'account', account, ...(detail === undefined ? {} : { detail }) } as const
    return { resolution, copies: others, unreadable }
  }
  return { ...aliasTo(others.length === 0 ? addresses : others, 'alias'), copies: [], unreadable }
}

function aliasTo(
  addresses: readonly Address[],
  via: 'alias' | 'catch-all',
): { readonly resolution: Resolution } {
  return { resolution: { kind: 'alias', addresses, via } }
}

/** The targets of all rows of an alias; undefined where there is none. */
function targetsOf(
  aliases: readonly FoundAlias[],
  address: Address,
  asked: Address,
  { defaultDomain }: ResolutionSettings,
): ReturnType<typeof readTargets> | undefined {
  const rows = aliases.filter((alias) => sameAddress(alias.address, address))
  if (rows.length === 0) return undefined
  return readTargets(rows.map(({ targets }) => targets).join(','), { asked, defaultDomain })
}

function namesOf(address: Address, domain: FoundDomain, separator: string): readonly Candidate[] {
  const split = splitDetail(address, separator)
  const forms: readonly Candidate[] = split === undefined ? [{ address }] : [{ address }, split]
  return forms.flatMap((form) =>
    domainsOf(domain).map((each) => ({ ...form, address: { ...form.address, domain: each } })),
  )
}

function domainsOf({ name, aliasOf }: FoundDomain): readonly string[] {
  return aliasOf === undefined ? [name] : [name, aliasOf]
}

function addressesOf(candidates: readonly Candidate[]): readonly Address[] {
  const byKey = new Map(candidates.map(({ address }) => [addressKey(address), address]))
  return [...byKey.values()]
}

function nothing(kind: 'unknown' | 'foreign'): Found {
  return { resolution: { kind }, copies: [], unreadable: [] }
}
