import type {
  AccountsAdministration,
  Address,
  AppPassword,
  Clock,
  Database,
  NewAppPassword,
} from 'mailwright'
import {
  checkAddress,
  makeAppPassword,
  makeScramKeys,
  nameKey,
  newAppSecret,
  noAppPassword,
} from 'mailwright/accounts'
import { existingAccount } from './accounts.ts'
import type { Changes } from './changes.ts'
import { holdDomain } from './domains.ts'
import { findSecrets } from './secrets.ts'
import { type AppPasswordRow, rolesOf } from './tables.ts'

// A use is noted once a minute at most: a client that polls must not make every look-up a write.
const NOTE_EVERY = 60_000

/** In the order in which they were made. */
export async function listAppPasswords(changes: Changes, address: Address): Promise<readonly AppPassword[]> {
  const rows = await changes.database.query(async (knex) => {
    const { id } = await existingAccount(knex, checkAddress(address))
    return knex<AppPasswordRow>('app_passwords').where({ account_id: id }).orderBy('id').select()
  })
  return rows.map(toAppPassword)
}

export async function addAppPassword(
  changes: Changes,
  given: Address,
  wanted: NewAppPassword,
): ReturnType<AccountsAdministration['addAppPassword']> {
  const address = checkAddress(given)
  const detail = { name: wanted.name, roles: wanted.roles ?? [] }
  const note = { action: 'app-password.add', subject: address, detail } as const
  const { secret = newAppSecret() } = wanted
  const { scram, cramMd5 } = await changes.secretPolicy()
  const keys =
    scram && (await makeScramKeys(scram, secret, address, await findSecrets(changes.database, address)))
  return changes.make(note, async (transaction) => {
    await holdDomain(transaction, address.domain)
    const { id } = await existingAccount(transaction, address)
    const others = await transaction<AppPasswordRow>('app_passwords').where({ account_id: id }).select()
    const made = makeAppPassword({ ...wanted, secret }, others.map(toAppPassword), changes.now(), cramMd5)
    const { stored } = made
    const { hash, ...appPassword } = stored
    await transaction<AppPasswordRow>('app_passwords').insert({
      account_id: id,
      name: stored.name,
      name_key: nameKey(stored.name),
      hash,
      roles: stored.roles.join(' '),
      created_at: stored.createdAt.getTime(),
      last_used_at: null,
      scram_keys: keys ?? null,
    })
    return { appPassword, secret }
  })
}

export async function removeAppPassword(changes: Changes, given: Address, name: string): Promise<void> {
  const address = checkAddress(given)
  const note = { action: 'app-password.remove', subject: address, detail: { name } } as const
  await changes.make(note, async (transaction) => {
    const { id } = await existingAccount(transaction, address)
    const rows = await transaction<AppPasswordRow>('app_passwords').where({ account_id: id }).select()
    const key = nameKey(name)
    const row = rows.find((each) => each.name_key === key)
    if (row === undefined) throw noAppPassword(name)
    await transaction<AppPasswordRow>('app_passwords')
      .where({ id: row.id ?? 0 })
      .delete()
  })
}

/** Notes that an app password was used, unless that was noted a moment ago. */
export async function noteUse(
  database: Database,
  clock: Clock,
  { id = 0, last_used_at: before }: Pick<AppPasswordRow, 'id' | 'last_used_at'>,
): Promise<void> {
  const now = clock.now()
  if (now - Number(before ?? 0) < NOTE_EVERY) return
  await database.query((knex) =>
    knex<AppPasswordRow>('app_passwords').where({ id }).update({ last_used_at: now }),
  )
}

function toAppPassword(row: AppPasswordRow): AppPassword {
  return {
    name: row.name,
    roles: rolesOf(row),
    createdAt: new Date(Number(row.created_at)),
    ...(row.last_used_at === null ? {} : { lastUsedAt: new Date(Number(row.last_used_at)) }),
  }
}
