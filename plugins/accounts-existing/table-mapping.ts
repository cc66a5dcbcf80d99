import { canonicalDomain, type OptionReader, type OwnRole, type SessionRole } from 'mailwright'
import { type Conditions, readConditions } from './condition.ts'
import { isColumnName, readColumn, readOptionalColumn, readTableName } from './identifier.ts'

/** Where a table's addresses are: in one column, or in two. */
export type AddressColumns = string | { readonly localPart: string; readonly domain: string }

/** A column, or a fixed text in which `{user}` and `{domain}` stand for the parts of the address. */
export type AttributeSource = string | { readonly text: string }

/** What all tables have. */
interface MappedTable {
  readonly table: string
  readonly where: Conditions
  /** A switch; without it all rows count. */
  readonly active: string | undefined
}

export interface DomainTable extends MappedTable {
  readonly name: string
}

export interface AliasDomainTable extends MappedTable {
  readonly name: string
  readonly target: string
}

export interface TransportTable extends MappedTable {
  readonly domain: string
  readonly transport: string
  /** Transports that lead to other hosts. */
  readonly remote: readonly string[]
}

export interface AccountTable extends MappedTable {
  readonly address: AddressColumns
  readonly id: string | undefined
  readonly login: string | undefined
  readonly password: string | undefined
  readonly clear: string | undefined
  readonly name: string | undefined
  readonly quota: string | undefined
  /** Octets that a number in the column counts. */
  readonly quotaUnit: number
  /** Courier's account options. */
  readonly options: string | undefined
  /** Switches of single protocols. */
  readonly protocols: Readonly<Partial<Record<MailRole, string>>>
  readonly attributes: Readonly<Record<string, AttributeSource>>
}

export interface AliasTable extends MappedTable {
  readonly address: AddressColumns
  readonly targets: string
}

/** Which tables hold what. */
export interface TableMapping {
  readonly domains: DomainTable
  readonly aliasDomains: AliasDomainTable | undefined
  readonly transports: TransportTable | undefined
  readonly accounts: AccountTable
  readonly aliases: AliasTable | undefined
}

/** A role of the framework's: those of plugins have no columns. */
type MailRole = Exclude<SessionRole, OwnRole>

/** Protocols that can be switched off for an account. */
export const protocolRoles: readonly MailRole[] = ['submission', 'pop3', 'imap', 'managesieve', 'http']

const remoteTransports: readonly string[] = ['smtp', 'smtps', 'relay', 'uucp', 'error', 'retry', 'discard']

/** Reads `tables`: what a preset does not give has to be written. */
export function readTableMapping(read: OptionReader, preset: Partial<TableMapping> = {}): TableMapping {
  const mapping = {
    domains: required(read, 'domains', readDomains, preset.domains),
    aliasDomains: optional(read, 'aliasDomains', readAliasDomains, preset.aliasDomains),
    transports: optional(read, 'transports', readTransports, preset.transports),
    accounts: required(read, 'accounts', readAccounts, preset.accounts),
    aliases: optional(read, 'aliases', readAliases, preset.aliases),
  }
  return mapping
}

type Read<Table> = (read: OptionReader, preset: Table | undefined) => Table

function required<Table>(
  read: OptionReader,
  name: string,
  parse: Read<Table>,
  preset: Table | undefined,
): Table {
  const parsed = read.object(name, (nested) => parse(nested, preset)) ?? preset
  if (parsed !== undefined) return parsed
  read.fault(name, 'is missing; it must be an object with a table and its columns')
  return { table: '', where: {} } as Table
}

function optional<Table>(
  read: OptionReader,
  name: string,
  parse: Read<Table>,
  preset: Table | undefined,
): Table | undefined {
  if (read.value(name) === null) return undefined
  return read.object(name, (nested) => parse(nested, preset)) ?? preset
}

function readMapped(
  read: OptionReader,
  preset: MappedTable | undefined,
): Pick<MappedTable, 'table' | 'where'> {
  return {
    table: readTableName(read, preset?.table),
    where: { ...preset?.where, ...readConditions(read, 'where') },
  }
}

/** `columns`, or nothing at all where a preset has them. */
function readColumns<T>(read: OptionReader, parse: (columns: OptionReader) => T, preset: T | undefined): T {
  const parsed = read.object('columns', parse) ?? preset
  if (parsed !== undefined) return parsed
  read.fault('columns', 'is missing; it must be an object of columns')
  return {} as T
}

function readDomains(read: OptionReader, preset: DomainTable | undefined): DomainTable {
  const columns = readColumns(
    read,
    (nested) => ({
      name: readColumn(nested, 'name', preset?.name),
      active: readOptionalColumn(nested, 'active', preset?.active),
    }),
    preset,
  )
  return { ...columns, ...readMapped(read, preset) }
}

function readAliasDomains(read: OptionReader, preset: AliasDomainTable | undefined): AliasDomainTable {
  const columns = readColumns(
    read,
    (nested) => ({
      name: readColumn(nested, 'name', preset?.name),
      target: readColumn(nested, 'target', preset?.target),
      active: readOptionalColumn(nested, 'active', preset?.active),
    }),
    preset,
  )
  return { ...columns, ...readMapped(read, preset) }
}

function readTransports(read: OptionReader, preset: TransportTable | undefined): TransportTable {
  const columns = readColumns(
    read,
    (nested) => ({
      domain: readColumn(nested, 'domain', preset?.domain),
      transport: readColumn(nested, 'transport', preset?.transport),
      active: readOptionalColumn(nested, 'active', preset?.active),
    }),
    preset,
  )
  const remote = read.strings('remote', { default: preset?.remote ?? remoteTransports })
  return { ...columns, ...readMapped(read, preset), remote }
}

function readAliases(read: OptionReader, preset: AliasTable | undefined): AliasTable {
  const columns = readColumns(
    read,
    (nested) => ({
      address: readAddressColumns(nested, preset?.address),
      targets: readColumn(nested, 'targets', preset?.targets),
      active: readOptionalColumn(nested, 'active', preset?.active),
    }),
    preset,
  )
  return { ...columns, ...readMapped(read, preset) }
}

function readAccounts(read: OptionReader, preset: AccountTable | undefined): AccountTable {
  const columns = readColumns(
    read,
    (nested) => ({
      address: readAddressColumns(nested, preset?.address),
      id: readOptionalColumn(nested, 'id', preset?.id),
      login: readOptionalColumn(nested, 'login', preset?.login),
      password: readOptionalColumn(nested, 'password', preset?.password),
      clear: readOptionalColumn(nested, 'clear', preset?.clear),
      name: readOptionalColumn(nested, 'name', preset?.name),
      quota: readOptionalColumn(nested, 'quota', preset?.quota),
      options: readOptionalColumn(nested, 'options', preset?.options),
      active: readOptionalColumn(nested, 'active', preset?.active),
    }),
    preset,
  )
  return {
    ...columns,
    ...readMapped(read, preset),
    quotaUnit: read.size('quotaUnit', { default: preset?.quotaUnit ?? 1, min: 1 }),
    protocols: { ...preset?.protocols, ...read.object('protocols', readProtocols) },
    attributes: readAttributes(read, preset?.attributes),
  }
}

function readAddressColumns(read: OptionReader, preset: AddressColumns | undefined): AddressColumns {
  const given = read.value('address')
  if (typeof given === 'object' && given !== null) {
    const parts = (nested: OptionReader) => ({
      localPart: readColumn(nested, 'localPart'),
      domain: readColumn(nested, 'domain'),
    })
    return read.object('address', parts) ?? ''
  }
  return given === undefined && preset !== undefined ? preset : readColumn(read, 'address')
}

function readProtocols(read: OptionReader): Partial<Record<MailRole, string>> {
  const found = protocolRoles.map((role) => [role, readOptionalColumn(read, role)] as const)
  return Object.fromEntries(found.filter(([, column]) => column !== undefined))
}

function readAttributes(
  read: OptionReader,
  preset: AccountTable['attributes'] = {},
): AccountTable['attributes'] {
  const given = read.value('attributes')
  if (given === undefined) return preset
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    read.fault('attributes', 'must be an object of names and columns')
    return preset
  }
  const merged = new Map<string, AttributeSource>(Object.entries(preset))
  for (const [name, source] of Object.entries(given)) {
    if (source === null) merged.delete(name)
    else if (isAttributeSource(source)) merged.set(name, source)
    else read.fault(`attributes.${name}`, 'must be the name of a column, { text: … }, or null')
  }
  return Object.fromEntries(merged)
}

function isAttributeSource(source: unknown): source is AttributeSource {
  if (typeof source === 'string') return isColumnName(source)
  const names = Object.keys((source ?? {}) as object)
  return names.length === 1 && typeof (source as { text?: unknown }).text === 'string'
}

/** A domain for names without one; a fault where it is none. */
export function readDefaultDomain(read: OptionReader, name: string): string | undefined {
  const text = read.optionalString(name)
  const domain = text === undefined ? undefined : canonicalDomain(text)
  if (text !== undefined && text !== '' && domain === undefined) read.fault(name, 'must be a domain')
  return domain
}
