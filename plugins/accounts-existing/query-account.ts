import { type Address, canonicalDomain, formatAddress, type SessionRole } from 'mailwright'
import { foundAccount, protocolsOfOptions } from './account-row.ts'
import type { Row } from './bound-query.ts'
import type { FoundAccount } from './schema.ts'
import { isPlain, readAddress } from './spelling.ts'
import { protocolRoles } from './table-mapping.ts'
import { filledText, isOn, textOf } from './values.ts'

// What is said of the account in other ways; every other column is an attribute.
const knownColumns: ReadonlySet<string> = new Set([
  ...['address', 'user', 'username', 'domain', 'id', 'name', 'active', 'password', 'clear'],
  ...['quota', 'quota_rule', 'quota_bytes', 'options', 'disabled_protocols'],
])

/**
 * The account of a row that was found for an address. A row that does not say whose it is counts for plain addresses
 * only: a collation may have taken another one for the same.
 */
export function accountOf(row: Row, asked: Address | undefined): FoundAccount | undefined {
  const own = addressIn(row)
  const address = own ?? (asked !== undefined && isPlain(asked) ? asked : undefined)
  if (address === undefined || address.localPart === '') return undefined
  return foundAccount({
    address,
    id: filledText(row.id) ?? formatAddress(address).toLowerCase(),
    name: row.name,
    quota: row.quota ?? row.quota_rule ?? row.quota_bytes ?? row.userdb_quota_rule,
    quotaUnit: 1,
    isActive: isActive(row),
    disabledProtocols: protocolsOf(row),
    attributes: attributesOf(row),
    hash: row.password,
    clear: row.clear,
    identity: {},
  })
}

/** The same account with what the password's own row says. */
export function withSecrets(found: FoundAccount, row: Row): FoundAccount {
  return {
    ...found,
    isActive: found.isActive && isActive(row),
    hash: filledText(row.password),
    clear: filledText(row.clear),
  }
}

/** Whose row it is, where it says so: `address`, or Dovecot's `user`, or `username` with `domain`. */
export function addressIn(row: Row): Address | undefined {
  const written = filledText(row.address) ?? filledText(row.user) ?? filledText(row.username)
  if (written === undefined) return undefined
  const domain = filledText(row.domain)
  return readAddress(written.includes('@') || domain === undefined ? written : `${written}@${domain}`)
}

/** Whether the row says that it counts; it need not say anything. */
export function isActive(row: Row): boolean {
  return !('active' in row) || isOn(row.active)
}

/** Whether a row of domains is of that one; it need not say so. */
export function namesDomain(row: Row, name: string): boolean {
  const written = filledText(row.name) ?? filledText(row.domain)
  return written === undefined || canonicalDomain(written) === name
}

function protocolsOf(row: Row): readonly string[] {
  const words = (textOf(row.disabled_protocols) ?? '').toLowerCase().split(/[\s,]+/)
  const named = (protocolRoles as readonly string[]).filter((role) => words.includes(role))
  return [...new Set<SessionRole | string>([...named, ...protocolsOfOptions(textOf(row.options))])]
}

function attributesOf(row: Row): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]) => {
      const name = column.replace(/^userdb_/, '')
      const text = filledText(value)
      return knownColumns.has(name) || text === undefined ? [] : [[name, text]]
    }),
  )
}
