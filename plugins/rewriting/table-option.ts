import { type OptionReader, tableKey } from 'mailwright'
import type { AddressTable } from './address-map.ts'

/** Tables in their order: keys with their addresses, or anything with a `lookUp`, such as `table('hash:…')` of the plugin `aliases`. */
export type TableInput = readonly (Readonly<Record<string, string>> | AddressTable)[]

/** Reads an option that is a list of tables; none where it is absent. */
export function readTables(read: OptionReader, name: string): readonly AddressTable[] {
  const value = read.value(name)
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    read.fault(name, 'must be a list of tables')
    return []
  }
  return value.flatMap((one: unknown, index) => {
    const made = tableOf(one)
    if (made === undefined)
      read.fault(
        `${name}[${index}]`,
        'must be keys with their addresses, or a table such as table("hash:/path")',
      )
    return made ?? []
  })
}

function tableOf(value: unknown): AddressTable | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (typeof (value as AddressTable).lookUp === 'function') return value as AddressTable
  const entries = Object.entries(value)
  if (!entries.every(([, text]) => typeof text === 'string')) return undefined
  const byKey = new Map(entries.map(([key, text]): [string, string] => [tableKey(key), text]))
  return { lookUp: async (key) => byKey.get(key) }
}
