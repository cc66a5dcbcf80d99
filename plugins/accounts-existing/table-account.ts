import type { Address, SessionRole } from 'mailwright'
import { foundAccount, protocolsOfOptions } from './account-row.ts'
import type { FoundAccount } from './schema.ts'
import { readAddress } from './spelling.ts'
import type { AccountTable } from './table-mapping.ts'
import { type MappedRow, selectAddress, selectColumns, type TableView } from './table-view.ts'
import { filledText, isOn, textOf } from './values.ts'

/** What is read of the table of accounts. */
export function accountView(accounts: AccountTable): TableView {
  const { id, login, password, clear, name, quota, options, active } = accounts
  const protocols = Object.entries(accounts.protocols).map(([role, column]) => ({
    as: `protocol${role}`,
    column,
    path: `protocols.${role}`,
  }))
  const attributes = Object.entries(accounts.attributes).flatMap(([attribute, source], index) =>
    typeof source === 'string'
      ? [{ as: `attribute${index}`, column: source, path: `attributes.${attribute}` }]
      : [],
  )
  return {
    path: 'tables.accounts',
    table: accounts.table,
    where: accounts.where,
    selection: [
      ...selectAddress(accounts.address),
      ...selectColumns({ id, login, password, clear, name, quota, options, active }),
      ...protocols,
      ...attributes,
    ],
  }
}

/** The account of a row; undefined where it has no address. */
export function readAccount(
  row: MappedRow,
  table: AccountTable,
  defaultDomain: string | undefined,
): FoundAccount | undefined {
  const written = addressText(row)
  const address = readAddress(
    written.includes('@') || defaultDomain === undefined ? written : `${written}@${defaultDomain}`,
  )
  const id = table.id === undefined ? written : textOf(row.id)
  if (address === undefined || address.localPart === '' || id === undefined || id === '') return undefined
  return foundAccount({
    address,
    id,
    name: row.name,
    quota: row.quota,
    quotaUnit: table.quotaUnit,
    isActive: table.active === undefined || isOn(row.active),
    disabledProtocols: protocolsOf(row, table),
    attributes: attributesOf(row, table, address),
    hash: row.password,
    clear: row.clear,
    identity: identityOf(row, table, id),
  })
}

/** The address as the row writes it, in one column or in two. */
export function addressText(row: MappedRow): string {
  if ('address' in row) return textOf(row.address) ?? ''
  return `${textOf(row.addressLocalPart) ?? ''}@${textOf(row.addressDomain) ?? ''}`
}

function identityOf(row: MappedRow, table: AccountTable, id: string): Readonly<Record<string, string>> {
  if (table.id !== undefined) return { [table.id]: id }
  if (typeof table.address === 'string') return { [table.address]: id }
  return {
    [table.address.localPart]: textOf(row.addressLocalPart) ?? '',
    [table.address.domain]: textOf(row.addressDomain) ?? '',
  }
}

function protocolsOf(row: MappedRow, { protocols }: AccountTable): readonly SessionRole[] {
  const switchedOff = (Object.keys(protocols) as SessionRole[]).filter(
    (role) => !isOn(row[`protocol${role}`]),
  )
  return [...new Set([...switchedOff, ...protocolsOfOptions(textOf(row.options))])]
}

function attributesOf(
  row: MappedRow,
  { attributes }: AccountTable,
  { localPart, domain }: Address,
): Readonly<Record<string, string>> {
  const read = Object.entries(attributes).map(([name, source], index) => {
    if (typeof source === 'string') return [name, filledText(row[`attribute${index}`])] as const
    const text = source.text.replaceAll('{user}', () => localPart).replaceAll('{domain}', () => domain)
    return [name, text] as const
  })
  return Object.fromEntries(
    read.filter((entry): entry is readonly [string, string] => entry[1] !== undefined),
  )
}
