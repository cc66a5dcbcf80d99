import type { Knex } from 'knex'
import { type Account, type Address, addressKey, type Disposition, type SortAction } from 'mailwright'
import { find, type ResolutionSettings } from './resolution.ts'
import type { Schema } from './schema.ts'

// RFC 5321 §6.3: loops are found by memory; these only bound the work.
const MAX_STEPS = 10_000

/**
 * Where copies of an account's mail go: its own alias names it and others. Aliases and accounts among those are
 * followed to their ends, since what is forwarded into an account is not sorted again. What leads nowhere is left out
 * of the copies and answered in `lost`: the account gets its mail in any case.
 */
export async function copiesFor(
  schema: Schema,
  knex: Knex,
  account: Account,
  settings: ResolutionSettings,
): Promise<{ readonly copies: readonly Address[]; readonly lost: readonly Address[] }> {
  const seen = new Set([addressKey(account.address)])
  const copies: Address[] = []
  const lost: Address[] = []
  const waiting: Address[] = [...(await find(schema, knex, account.address, settings)).copies]
  for (let step = 0; waiting.length > 0 && step < MAX_STEPS; step++) {
    const address = waiting.shift()
    if (address === undefined || seen.has(addressKey(address))) continue
    seen.add(addressKey(address))
    const { resolution, copies: further } = await find(schema, knex, address, settings)
    const isDisabled = resolution.kind === 'account' && resolution.account.disabled === true
    if (resolution.kind === 'unknown' || isDisabled) lost.push(address)
    else if (resolution.kind === 'alias') waiting.push(...resolution.addresses)
    else {
      if (resolution.kind === 'foreign' || resolution.account.id !== account.id) copies.push(address)
      waiting.push(...further)
    }
  }
  return { copies, lost }
}

/** The disposition with the copies that are not in it yet. */
export function withCopies(disposition: Disposition, copies: readonly Address[]): Disposition {
  const forwarded = new Set(
    disposition.actions.flatMap((action) => (action.kind === 'forward' ? [addressKey(action.address)] : [])),
  )
  const added = copies
    .filter((address) => !forwarded.has(addressKey(address)))
    .map((address): SortAction => ({ kind: 'forward', address }))
  return { ...disposition, actions: [...disposition.actions, ...added] }
}
