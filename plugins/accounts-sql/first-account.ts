import { randomInt } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import {
  addressKey,
  type Clock,
  type Database,
  formatAddress,
  hashPassword,
  type Log,
  newAccountId,
} from 'mailwright'
import { insertAccount } from './administration.ts'
import type { FirstAccount } from './options.ts'
import { findDomain } from './resolution.ts'
import type { AccountRow, DomainRow } from './tables.ts'

const FILE_NAME = 'first-account.txt'

// 20 of 31 characters: 99 bits. None of them is easily taken for another one.
const characters = '23456789abcdefghjkmnpqrstuvwxyz'
const groups = [5, 5, 5, 5]

export interface FirstRun {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly dataDir: string
}

/**
 * Makes the first account with its domain and a password where there is no account at all, and writes both into a file
 * that only its owner can read. The file is there before the account is: its password cannot get lost between the two.
 */
export async function makeFirstAccount(
  { database, clock, log, dataDir }: FirstRun,
  wanted: FirstAccount,
): Promise<void> {
  const someAccount = (): Promise<unknown> =>
    database.query((knex) => knex<AccountRow>('accounts').first('id'))
  if ((await someAccount()) !== undefined) return
  const { localPart, domain } = wanted.address
  const password = generatePassword()
  const row: AccountRow = {
    id: newAccountId(clock.now()),
    address_key: addressKey(wanted.address),
    local_part: localPart,
    domain,
    display_name: null,
    password: await hashPassword(password),
    quota_bytes: null,
    disabled: false,
    disabled_protocols: '',
    created_at: clock.now(),
  }
  const file = join(dataDir, FILE_NAME)
  const isMade = await database.transaction(async (transaction) => {
    if ((await transaction<AccountRow>('accounts').first('id')) !== undefined) return false
    if ((await findDomain(transaction, domain)) === undefined) {
      await transaction<DomainRow>('domains').insert({ name: domain, created_at: clock.now() })
    }
    await insertAccount(transaction, row)
    await writeNote(dataDir, file, `address: ${formatAddress(wanted.address)}\npassword: ${password}\n`)
    return true
  })
  if (isMade) log.info('first-run', { address: formatAddress(wanted.address), file })
}

function generatePassword(): string {
  const pick = (): string => characters.charAt(randomInt(characters.length))
  return groups.map((length) => Array.from({ length }, pick).join('')).join('-')
}

async function writeNote(folder: string, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${file}.new`
  const handle = await open(fresh, 'w', 0o600)
  try {
    // A file that was there already keeps its mode when it is opened.
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(fresh, file)
}
