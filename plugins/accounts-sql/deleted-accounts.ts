import {
  type Account,
  type Address,
  addressKey,
  type DeletedAccount,
  formatAddress,
  MailwrightError,
} from 'mailwright'
import { checkAddress, checkDomain } from 'mailwright/accounts'
import { existingAccount, insertAccount } from './accounts.ts'
import type { Changes } from './changes.ts'
import { holdDomain } from './domains.ts'
import {
  type AccountRow,
  type AppPasswordRow,
  addressOf,
  type DeletedAccountRow,
  type SendingRow,
  toAccount,
} from './tables.ts'

/** Moves an account to those that are deleted. */
export function removeAccount(changes: Changes, given: Address): Promise<void> {
  const address = checkAddress(given)
  return changes.make({ action: 'account.remove', subject: address }, async (transaction) => {
    await holdDomain(transaction, address.domain)
    const row = await existingAccount(transaction, address)
    await transaction<AccountRow>('accounts').where({ id: row.id }).delete()
    await transaction<DeletedAccountRow>('deleted_accounts').insert({ ...row, deleted_at: changes.now() })
  })
}

/** The one deleted last comes first. */
export async function listDeleted(
  changes: Changes,
  domain: string | undefined,
): Promise<readonly DeletedAccount[]> {
  const only = domain === undefined ? {} : { domain: checkDomain(domain) }
  const rows = await changes.database.query((knex) =>
    knex<DeletedAccountRow>('deleted_accounts').where(only).orderBy('deletion', 'desc').select(),
  )
  return rows.map((row) => ({ account: toAccount(row), deletedAt: new Date(Number(row.deleted_at)) }))
}

/** Moves a deleted account back, by its id, or by its address: the one deleted last. */
export async function restoreAccount(changes: Changes, which: string | Address): Promise<Account> {
  const found = await findDeleted(changes, which)
  const { deletion: _, deleted_at: __, ...row } = found
  const detail = { id: row.id }
  const note = { action: 'account.restore', subject: addressOf(row), detail } as const
  return changes.make(note, async (transaction) => {
    await holdDomain(transaction, row.domain)
    // Somebody else may have been quicker.
    if ((await transaction('deleted_accounts').where({ id: row.id }).delete()) === 0) throw noDeleted(which)
    return insertAccount(transaction, row)
  })
}

/** Forgets a deleted account and what is kept by its id. */
export async function purgeAccount(changes: Changes, which: string | Address): Promise<void> {
  const { id, ...row } = await findDeleted(changes, which)
  const note = { action: 'account.purge', subject: addressOf(row), detail: { id } } as const
  await changes.make(note, async (transaction) => {
    if ((await transaction('deleted_accounts').where({ id }).delete()) === 0) throw noDeleted(which)
    await transaction<AppPasswordRow>('app_passwords').where({ account_id: id }).delete()
    await transaction<SendingRow>('account_sendings').where({ account_id: id }).delete()
  })
}

async function findDeleted(changes: Changes, which: string | Address): Promise<DeletedAccountRow> {
  const key = typeof which === 'string' ? undefined : addressKey(checkAddress(which))
  const wanted = key === undefined ? { id: String(which) } : { address_key: key }
  const rows: DeletedAccountRow[] = await changes.database.query((knex) =>
    knex<DeletedAccountRow>('deleted_accounts').where(wanted).orderBy('deletion', 'desc').select(),
  )
  const found = rows.find((row) => (key === undefined ? row.id === which : row.address_key === key))
  if (found === undefined) throw noDeleted(which)
  return found
}

function noDeleted(which: string | Address): MailwrightError {
  const name = typeof which === 'string' ? which.slice(0, 100) : formatAddress(which)
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no deleted account ${name}`)
}
