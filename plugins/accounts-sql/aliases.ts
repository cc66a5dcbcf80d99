import type { Knex } from 'knex'
import {
  type Address,
  type Alias,
  type AliasTarget,
  addressKey,
  formatAddress,
  MailwrightError,
} from 'mailwright'
import {
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkExpiry,
  checkOwnAddresses,
  compareTexts,
  hasExpired,
  targetDetail,
} from 'mailwright/accounts'
import type { Changes } from './changes.ts'
import { holdDomain } from './domains.ts'
import { targetOf } from './resolution.ts'
import { type AliasRow, addressColumns, addressOf, aliasRowId, findAccount } from './tables.ts'

/** Sorted by address; of one domain where it is named. */
export async function listAliases(changes: Changes, domain: string | undefined): Promise<readonly Alias[]> {
  const only = domain === undefined ? {} : { domain: checkDomain(domain) }
  const rows = await changes.database.query((knex) =>
    knex<AliasRow>('aliases').where(only).orderBy(['created_at', 'id']).select(),
  )
  const byKey = Map.groupBy(rows, (row) => row.address_key)
  return [...byKey]
    .toSorted(([a], [b]) => compareTexts(a, b))
    .flatMap(([, targets]) => {
      const [first] = targets
      return first === undefined ? [] : [{ address: addressOf(first), targets: targets.map(aliasTargetOf) }]
    })
}

export async function addAlias(changes: Changes, address: Address, target: AliasTarget): Promise<void> {
  const from = checkAliasAddress(address)
  const to = checkAddress(target)
  const expiresAt = checkExpiry(target.expiresAt, changes.now())
  const row: AliasRow = {
    id: aliasRowId(from, to),
    ...addressColumns(from),
    target_local_part: to.localPart,
    target_domain: to.domain,
    created_at: changes.now(),
    expires_at: expiresAt?.getTime() ?? null,
  }
  const note = { action: 'alias.add', subject: from, detail: targetDetail(target) } as const
  await changes.make(note, async (transaction) => {
    checkOwnAddresses(await holdDomain(transaction, row.domain))
    if ((await findAccount(transaction, row.address_key)) !== undefined)
      throw exists(`the account ${formatAddress(from)}`)
    await makeRoom(transaction, row, changes.now())
    await transaction<AliasRow>('aliases').insert(row)
  })
}

export async function removeAlias(changes: Changes, address: Address, target?: Address): Promise<void> {
  const from = checkAliasAddress(address)
  const key = addressKey(from)
  const only = target && aliasRowId(from, checkAddress(target))
  const detail = target === undefined ? {} : targetDetail(target)
  await changes.make({ action: 'alias.remove', subject: from, detail }, async (transaction) => {
    const rows = await transaction<AliasRow>('aliases')
      .where({ address_key: key })
      .select('id', 'address_key')
    const ids = rows
      .filter((row) => row.address_key === key && (only === undefined || row.id === only))
      .map(({ id }) => id)
    if (ids.length === 0)
      throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no alias ${formatAddress(from)}`)
    await transaction<AliasRow>('aliases').whereIn('id', ids).delete()
  })
}

/** MAIL_E_EXISTS where the target is there already; one that has expired makes room. */
async function makeRoom(transaction: Knex.Transaction, { id }: AliasRow, now: number): Promise<void> {
  const same = await transaction<AliasRow>('aliases').where({ id }).first()
  if (same === undefined) return
  const target = aliasTargetOf(same)
  if (!hasExpired(target, now))
    throw exists(`the alias ${formatAddress(addressOf(same))} to ${formatAddress(target)}`)
  await transaction<AliasRow>('aliases').where({ id }).delete()
}

function aliasTargetOf(row: AliasRow): AliasTarget {
  const { expires_at: end } = row
  return end === null ? targetOf(row) : { ...targetOf(row), expiresAt: new Date(Number(end)) }
}

function exists(what: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `${what} exists already`)
}
