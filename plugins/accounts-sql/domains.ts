import type { Knex } from 'knex'
import { type Domain, type DomainChange, type DomainSettings, MailwrightError } from 'mailwright'
import {
  changeDetail,
  changedSettings,
  checkAliasTarget,
  checkDomain,
  checkDomainLimits,
  checkDomainSettings,
  compareTexts,
  type DomainUse,
} from 'mailwright/accounts'
import type { Changes } from './changes.ts'
import { type DomainRow, domainColumns, findDomain, toDomain } from './tables.ts'

export async function listDomains(changes: Changes): Promise<readonly Domain[]> {
  const rows = await changes.database.query((knex) => knex<DomainRow>('domains').select())
  return rows.map(toDomain).toSorted((a, b) => compareTexts(a.name, b.name))
}

export function addDomain(changes: Changes, given: string, settings: DomainSettings): Promise<Domain> {
  const name = checkDomain(given)
  const domain = { name, ...checkDomainSettings(settings) }
  const note = { action: 'domain.add', subject: name, detail: changeDetail(settings) } as const
  return changes.make(note, async (transaction) => {
    await checkTarget(transaction, domain)
    if ((await findDomain(transaction, name)) !== undefined)
      throw new MailwrightError('MAIL_E_EXISTS', `the domain ${name} exists already`)
    await transaction<DomainRow>('domains').insert({
      name,
      created_at: changes.now(),
      ...domainColumns(domain),
    })
    return domain
  })
}

export function updateDomain(changes: Changes, given: string, change: DomainChange): Promise<Domain> {
  const name = checkDomain(given)
  const { aliasOf } = checkDomainSettings({ aliasOf: change.aliasOf })
  const note = { action: 'domain.update', subject: name, detail: changeDetail(change) } as const
  return changes.make(note, async (transaction) => {
    // In one order, whoever holds several.
    await lockDomains(transaction, aliasOf === undefined ? [name] : [name, aliasOf])
    const before = toDomain(await existingDomain(transaction, name))
    const domain = { name, ...changedSettings(before, change) }
    if (domain.aliasOf !== before.aliasOf) {
      await checkTarget(transaction, domain)
      if (domain.aliasOf !== undefined) await requireUnused(transaction, name)
    }
    checkDomainLimits(domain, await useOf(transaction, domain))
    await transaction<DomainRow>('domains').where({ name }).update(domainColumns(domain))
    return domain
  })
}

export function removeDomain(changes: Changes, given: string): Promise<void> {
  const name = checkDomain(given)
  return changes.make({ action: 'domain.remove', subject: name }, async (transaction) => {
    await holdDomain(transaction, name)
    await requireUnused(transaction, name)
    await transaction<DomainRow>('domains').where({ name }).delete()
  })
}

/**
 * Holds the domain's row until the end, so that nobody removes it, goes beyond its limits, or takes the same address in
 * another table. MAIL_E_NOT_FOUND where it is not there.
 */
export async function holdDomain(transaction: Knex.Transaction, name: string): Promise<Domain> {
  await lockDomains(transaction, [name])
  return toDomain(await existingDomain(transaction, name))
}

/** Holds several rows, in the order of their names. Those that are not there cannot be held. */
export async function lockDomains(transaction: Knex.Transaction, names: readonly string[]): Promise<void> {
  for (const name of names.toSorted(compareTexts))
    await transaction<DomainRow>('domains').where({ name }).forUpdate().select('name')
}

/** MAIL_E_OVER_QUOTA where a held domain's accounts have come beyond its limits. */
export async function checkLimits(transaction: Knex.Transaction, domain: Domain): Promise<void> {
  checkDomainLimits(domain, await useOf(transaction, domain))
}

/** Counts only where there is a limit. */
async function useOf(transaction: Knex.Transaction, domain: Domain): Promise<DomainUse> {
  const { name, quotaBytes, maxAccounts } = domain
  if ((quotaBytes ?? maxAccounts) === undefined)
    return { accounts: 0, accountsWithoutQuota: 0, quotaBytes: 0 }
  const [row] = await transaction('accounts')
    .where({ domain: name })
    .count({ accounts: 'id', quotas: 'quota_bytes' })
    .sum({ sum: 'quota_bytes' })
  // Some databases give sums and counts as texts; the sum of no rows is null.
  const [accounts, quotas] = [Number(row?.accounts ?? 0), Number(row?.quotas ?? 0)]
  return { accounts, accountsWithoutQuota: accounts - quotas, quotaBytes: Number(row?.sum ?? 0) }
}

async function existingDomain(transaction: Knex.Transaction, name: string): Promise<DomainRow> {
  const row = await findDomain(transaction, name)
  if (row === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no domain ${name}`)
  return row
}

async function checkTarget(transaction: Knex.Transaction, { name, aliasOf }: Domain): Promise<void> {
  if (aliasOf === undefined) return
  await lockDomains(transaction, [aliasOf])
  const row = await findDomain(transaction, aliasOf)
  checkAliasTarget(name, aliasOf, row && toDomain(row))
}

async function requireUnused(transaction: Knex.Transaction, name: string): Promise<void> {
  const uses = [
    ['accounts', 'domain', 'id'],
    ['aliases', 'domain', 'id'],
    ['domains', 'alias_of', 'name'],
  ] as const
  for (const [table, column, any] of uses) {
    if ((await transaction(table).where(column, name).first(any)) === undefined) continue
    const what = table === 'domains' ? 'alias domains' : table
    throw new MailwrightError('MAIL_E_IN_USE', `the domain ${name} still has ${what}`)
  }
}
