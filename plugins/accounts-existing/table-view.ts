import type { Knex } from 'knex'
import type { ConfigFault, Database } from 'mailwright'
import { applyConditions, type Conditions } from './condition.ts'
import { probe } from './probe.ts'
import type { Spelling } from './spelling.ts'
import type { AddressColumns } from './table-mapping.ts'

/** A row under our own names for its columns. */
export type MappedRow = Readonly<Record<string, unknown>>

export type RowQuery = Knex.QueryBuilder<object, MappedRow[]>

/** One column that is read. */
export interface SelectedColumn {
  /** Our own name for it: letters and digits. */
  readonly as: string
  readonly column: string
  /** Where it is named in the options, below the table's: `columns.address`. */
  readonly path: string
}

/** A table, which of its rows count, and what is read of them. */
export interface TableView {
  /** Where it is in the options: `tables.accounts`. */
  readonly path: string
  readonly table: string
  readonly where: Conditions
  readonly selection: readonly SelectedColumn[]
}

/** Columns of a mapping by its own names, those left out that it does not have. */
export function selectColumns(
  columns: Readonly<Record<string, string | undefined>>,
): readonly SelectedColumn[] {
  return Object.entries(columns).flatMap(([as, column]) =>
    column === undefined ? [] : [{ as, column, path: `columns.${as}` }],
  )
}

export function selectAddress(columns: AddressColumns): readonly SelectedColumn[] {
  if (typeof columns === 'string') return selectColumns({ address: columns })
  return [
    { as: 'addressLocalPart', column: columns.localPart, path: 'columns.address.localPart' },
    { as: 'addressDomain', column: columns.domain, path: 'columns.address.domain' },
  ]
}

/** A query for the rows that count; the caller adds what it looks for. */
export function rowsOf(knex: Knex, { table, where, selection }: TableView): RowQuery {
  const query = knex(table).select(Object.fromEntries(selection.map(({ as, column }) => [as, column])))
  applyConditions(query, where)
  return query as unknown as RowQuery
}

/** Only rows whose address is written in one of these ways. */
export function whereSpelt(
  query: RowQuery,
  columns: AddressColumns,
  spellings: readonly Spelling[],
): RowQuery {
  if (typeof columns === 'string')
    return query.whereIn(columns, [...new Set(spellings.map(({ text }) => text))])
  return query.where((either) => {
    for (const { localPart, domain } of spellings)
      either.orWhere({ [columns.localPart]: localPart, [columns.domain]: domain })
  })
}

/** Which columns of a view cannot be read, each with its path; one fault where the table itself cannot. */
export async function checkView(database: Database, view: TableView): Promise<readonly ConfigFault[]> {
  const { path, table, where, selection } = view
  const whole = await probe(database, (knex) => knex(table).select(knex.raw('1')).whereRaw('1 = 0'))
  if ('problem' in whole)
    return [{ path: `${path}.table`, problem: `the table "${table}" cannot be read: ${whole.problem}` }]
  const faults: ConfigFault[] = []
  const named = [...selection, ...Object.keys(where).map((column) => ({ column, path: `where.${column}` }))]
  for (const { column, path: place } of named) {
    const one = await probe(database, (knex) => knex(table).select(column).whereRaw('1 = 0'))
    if (!('problem' in one)) continue
    const problem = `the column "${column}" of "${table}" cannot be read: ${one.problem}`
    faults.push({ path: `${path}.${place}`, problem })
  }
  return faults
}
