import type { Knex } from 'knex'
import {
  type Account,
  type Address,
  type AuditAction,
  addressKey,
  formatAddress,
  MailwrightError,
  type NewAccount,
} from 'mailwright'
import {
  type AccountFacts,
  accountWith,
  auditSubject,
  checkAddress,
  checkDomain,
  checkNewAccount,
  checkOwnAddresses,
  compareTexts,
} from 'mailwright/accounts'
import type { Changes } from './changes.ts'
import { checkLimits, holdDomain, lockDomains } from './domains.ts'
import { findSecrets, noSecret, type SecretColumns, secretColumns } from './secrets.ts'
import {
  type AccountRow,
  type AliasRow,
  accountColumns,
  findAccount,
  toAccount,
  viewAccounts,
} from './tables.ts'

/** Sorted by address; of one domain where it is named. */
export async function listAccounts(
  changes: Changes,
  domain: string | undefined,
): Promise<readonly Account[]> {
  const only = domain === undefined ? {} : { 'accounts.domain': checkDomain(domain) }
  const rows = await changes.database.query((knex) => viewAccounts(knex).where(only))
  return rows
    .toSorted((a, b) => compareTexts(a.address_key, b.address_key))
    .map((row) => toAccount(row, row.domain_disabled))
}

export async function addAccount(changes: Changes, given: NewAccount): Promise<Account> {
  const account = checkNewAccount(given, changes.now())
  const secret = await newSecret(changes, given, account.address)
  const { id, address, ...facts } = account
  const row = { id, ...secret, created_at: changes.now(), ...accountColumns(account) }
  const note = { action: 'account.add', subject: address, detail: { id, ...facts } } as const
  return changes.make(note, (transaction) => insertAccount(transaction, row))
}

async function newSecret(
  changes: Changes,
  { password, hash }: NewAccount,
  address: Address,
): Promise<SecretColumns> {
  if (password === undefined) return { ...noSecret, password: hash ?? null }
  return secretColumns(await changes.secretPolicy(), password, address)
}

export async function setPassword(changes: Changes, given: Address, secret: string): Promise<void> {
  const address = checkAddress(given)
  const policy = await changes.secretPolicy()
  const record = policy.scram && (await findSecrets(changes.database, address))
  const columns = await secretColumns(policy, secret, address, record)
  await changes.make({ action: 'account.password', subject: address }, async (transaction) => {
    const { id } = await existingAccount(transaction, address)
    await transaction<AccountRow>('accounts').where({ id }).update(columns)
  })
}

/** Changes facts other than the address; what is undefined is taken away. */
export async function changeAccount(
  changes: Changes,
  action: AuditAction,
  given: Address,
  facts: AccountFacts,
): Promise<void> {
  const address = checkAddress(given)
  const detail = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, value ?? null]))
  await changes.make({ action, subject: address, detail }, async (transaction) => {
    const domain = await holdDomain(transaction, address.domain)
    const row = await existingAccount(transaction, address)
    const account = accountWith(toAccount(row), facts)
    await transaction<AccountRow>('accounts').where({ id: row.id }).update(accountColumns(account))
    if ('quotaBytes' in facts) await checkLimits(transaction, domain)
  })
}

/** Gives an account another address, in the same domain or in another one. */
export function renameAccount(changes: Changes, given: Address, to: Address): Promise<Account> {
  const [from, address] = [checkAddress(given), checkAddress(to)]
  const notes = () => [
    { action: 'account.rename', subject: from, detail: { to: auditSubject(address) } } as const,
    { action: 'account.rename', subject: address, detail: { from: auditSubject(from) } } as const,
  ]
  return changes.make(notes, async (transaction) => {
    await lockDomains(transaction, [...new Set([from.domain, address.domain])])
    const row = await existingAccount(transaction, from)
    const domain = await holdDomain(transaction, address.domain)
    checkOwnAddresses(domain)
    const account = accountWith(toAccount(row), { address })
    // Another spelling of the same address is in nobody's way.
    if (addressKey(address) !== row.address_key) await requireFree(transaction, address)
    await transaction<AccountRow>('accounts').where({ id: row.id }).update(accountColumns(account))
    await checkLimits(transaction, domain)
    return toAccount({ ...row, ...accountColumns(account) }, domain.disabled)
  })
}

/**
 * Puts an account into the table. MAIL_E_NOT_FOUND where its domain is not there, MAIL_E_EXISTS where its address is
 * taken, MAIL_E_OVER_QUOTA where the domain has no room.
 */
export async function insertAccount(transaction: Knex.Transaction, row: AccountRow): Promise<Account> {
  const domain = await holdDomain(transaction, row.domain)
  checkOwnAddresses(domain)
  await requireFree(transaction, { localPart: row.local_part, domain: row.domain })
  await transaction<AccountRow>('accounts').insert(row)
  await checkLimits(transaction, domain)
  return toAccount(row, domain.disabled)
}

/** MAIL_E_NOT_FOUND. */
export async function existingAccount(
  transaction: Knex.Transaction | Knex,
  address: Address,
): Promise<AccountRow> {
  const row = await findAccount(transaction, addressKey(address))
  if (row === undefined)
    throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no account ${formatAddress(address)}`)
  return row
}

/** MAIL_E_EXISTS where an account or an alias has the address. */
async function requireFree(transaction: Knex.Transaction, address: Address): Promise<void> {
  const key = addressKey(address)
  const rows = await transaction<AliasRow>('aliases').where({ address_key: key }).select('address_key')
  const isAlias = rows.some((row) => row.address_key === key)
  if (isAlias || (await findAccount(transaction, key)) !== undefined)
    throw new MailwrightError('MAIL_E_EXISTS', `${formatAddress(address)} is in use already`)
}
