import { randomInt } from 'node:crypto'
import type { Knex } from 'knex'
import { errorCode, formatAddress, type Log } from 'mailwright'
import { type AuditNote, newAccountId } from 'mailwright/accounts'
import { insertAccount } from './accounts.ts'
import type { Changes } from './changes.ts'
import type { FirstAccountNote } from './first-account-note.ts'
import type { FirstAccount } from './options.ts'
import { secretColumns } from './secrets.ts'
import { type AccountRow, accountColumns, type DomainRow, domainColumns, findDomain } from './tables.ts'

// 20 of 31 characters: 99 bits. None of them is easily taken for another one.
const characters = '23456789abcdefghjkmnpqrstuvwxyz'
const groups = [5, 5, 5, 5]

export interface FirstRun {
  readonly changes: Changes
  readonly log: Log
  readonly note: FirstAccountNote
}

/**
 * Makes the first account with its domain and a password where there is no account at all, and writes both into a file
 * that only its owner can read. The file is there before the account is: its password cannot get lost between the two.
 */
export async function makeFirstAccount(
  { changes, log, note }: FirstRun,
  wanted: FirstAccount,
): Promise<void> {
  const someAccount = (knex: Knex): Promise<unknown> => knex<AccountRow>('accounts').first('id')
  if ((await changes.database.query(someAccount)) !== undefined) return
  const { address } = wanted
  const password = generatePassword()
  const id = newAccountId(changes.now())
  const row: AccountRow = {
    id,
    ...(await secretColumns(await changes.secretPolicy(), password, address)),
    created_at: changes.now(),
    ...accountColumns({ id, address }),
  }
  const notes = (isMade: boolean): readonly AuditNote[] =>
    isMade ? [{ action: 'account.add', subject: address, detail: { id } }] : []
  const make = changes.as('first-run').make(notes, async (transaction) => {
    if ((await someAccount(transaction)) !== undefined) return false
    if ((await findDomain(transaction, row.domain)) === undefined) {
      const domain = { name: row.domain, created_at: changes.now(), ...domainColumns({}) }
      await transaction<DomainRow>('domains').insert(domain)
    }
    await insertAccount(transaction, row)
    await note.write({ address, password })
    return true
  })
  const isMade = await make.catch(async (error) => {
    // Another server that starts at the same time was quicker; nothing of ours was written.
    const isTheirs = errorCode(error) === 'MAIL_E_EXISTS' && (await changes.database.query(someAccount))
    if (isTheirs === undefined || isTheirs === false) throw error
    return false
  })
  if (isMade) log.info('first-run', { address: formatAddress(address), file: note.file })
}

function generatePassword(): string {
  const pick = (): string => characters.charAt(randomInt(characters.length))
  return groups.map((length) => Array.from({ length }, pick).join('')).join('-')
}
