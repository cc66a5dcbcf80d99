import { type Address, localPartKeys, patternKeys } from 'mailwright'
import { splitDetail } from 'mailwright/accounts'
import type { Table } from './table.ts'

/** What the tables have for an address. */
export interface FoundValue {
  readonly value: string
  /** A part of the address decided: all addresses of the domain that have nothing better. */
  readonly via: 'alias' | 'catch-all'
  /** The detail that was left out to find it. */
  readonly detail?: string
  /** The key names the domain: whoever wrote it has that domain in mind. Patterns never do. */
  readonly namesDomain: boolean
  /** Groups of a pattern may be in the value, which whoever wrote the address has chosen. */
  readonly byPattern: boolean
}

export interface LookUpSettings {
  readonly detailSeparator: string
  /** Whether names without a domain are names there. */
  isLocal(domain: string): boolean
}

interface Question {
  readonly key: string
  readonly via: FoundValue['via']
  readonly detail?: string
  /** Patterns are asked once, with the first form. */
  readonly isFirst: boolean
  readonly namesDomain: boolean
}

/**
 * Looks an address up as virtual(5) has it: `user+detail@domain`, `user@domain`, at a local domain `user+detail` and
 * `user`, then `@domain`; a local part that needs quotes with them first, then without. Every table is asked one form before
 * the next form's turn; patterns only the whole address, with its local part in quotes where it needs them: a comma in it
 * must not part the targets that it is put into.
 */
export async function lookUpAddress(
  tables: readonly Table[],
  address: Address,
  settings: LookUpSettings,
): Promise<FoundValue | undefined> {
  for (const { key, isFirst, ...rest } of questionsFor(address, settings)) {
    for (const table of tables) {
      const byPattern = table.wholeAddressesOnly === true
      if (byPattern && !isFirst) continue
      const value = await firstOf(table, byPattern ? patternKeys(address) : [key])
      const namesDomain = rest.namesDomain && !byPattern
      if (value !== undefined) return { ...rest, value, namesDomain, byPattern }
    }
  }
  return undefined
}

/** What a table has for the first of several spellings that it knows. */
async function firstOf(table: Table, keys: readonly string[]): Promise<string | undefined> {
  for (const key of keys) {
    const value = await table.lookUp(key)
    if (value !== undefined) return value
  }
  return undefined
}

function questionsFor(
  { localPart, domain }: Address,
  { detailSeparator, isLocal }: LookUpSettings,
): readonly Question[] {
  const split = splitDetail({ localPart, domain }, detailSeparator)
  const whole = domain === '' ? '' : `@${domain.toLowerCase()}`
  const names = [
    { name: localPart },
    ...(split ? [{ name: split.address.localPart, detail: split.detail }] : []),
  ]
  const spelt = names.flatMap(({ name, ...rest }) => localPartKeys(name).map((key) => ({ ...rest, key })))
  const full = spelt.map(
    ({ key, ...rest }, index): Question => ({
      ...rest,
      key: `${key}${whole}`,
      via: 'alias',
      isFirst: index === 0,
      namesDomain: domain !== '',
    }),
  )
  if (domain === '') return full
  const bare = isLocal(domain)
    ? spelt.map((rest): Question => ({ ...rest, via: 'alias', isFirst: false, namesDomain: false }))
    : []
  return [...full, ...bare, { key: whole, via: 'catch-all', isFirst: false, namesDomain: true }]
}
