import type { Knex } from 'knex'
import { splitSql } from './sql-text.ts'

/** What a query may be asked with. All are texts; a query uses those that it names. */
export type Bindings = Readonly<Record<string, string>>

/** A row with its columns' names in lower case. */
export type Row = Readonly<Record<string, unknown>>

/** A complete query whose parameters are bound, never written into its text. */
export interface BoundQuery {
  /** With `?` for each parameter. */
  readonly sql: string
  /** What is bound, in the order of the parameters. */
  readonly parameters: readonly ((bindings: Bindings) => string)[]
}

/** A query, or what is wrong with its text. */
export type ParsedQuery = { readonly query: BoundQuery } | { readonly problem: string }

/** Reads a query with parameters such as `:address`. What stands in strings and comments is left alone. */
export function parseNamedQuery(text: string, names: readonly string[]): ParsedQuery {
  const pieces = splitSql(text)
  if (pieces === undefined) return { problem: 'has a quote or a comment that is not closed' }
  const parameters: BoundQuery['parameters'][number][] = []
  const unknown: string[] = []
  const sql = pieces
    .map((piece) => {
      if (piece.kind === 'comment') return ' '
      if (piece.kind !== 'code') return piece.text
      return piece.text.replace(/(?<![:\w]):([A-Za-z_]\w*)/g, (_, name: string) => {
        if (!names.includes(name)) unknown.push(`:${name}`)
        parameters.push((bindings) => bindings[name] ?? '')
        return PARAMETER
      })
    })
    .join('')
  if (unknown.length > 0) {
    return { problem: `has ${unknown.join(', ')}; it may have ${names.map((name) => `:${name}`).join(', ')}` }
  }
  return finishQuery(sql, parameters)
}

/** Stands for a parameter until it is sure that the text has no question marks of its own. */
export const PARAMETER = '\u0001'

/** Checks what all kinds of queries have in common, and puts the parameters in. */
export function finishQuery(text: string, parameters: BoundQuery['parameters']): ParsedQuery {
  // A driver would take it for a parameter, even in a string.
  if (text.includes('?')) return { problem: 'has a question mark; write parameters by their names' }
  const sql = text.trim().replace(/;$/, '').trim()
  if (sql === '') return { problem: 'is empty' }
  if (sql.includes(';')) return { problem: 'has a semicolon; it must be one statement' }
  return { query: { sql: sql.replaceAll(PARAMETER, '?'), parameters } }
}

/** Asks a query of the form `select …`. */
export async function ask(knex: Knex, query: BoundQuery, bindings: Bindings): Promise<readonly Row[]> {
  const rows = await knex.select('*').from(knex.raw(`(${query.sql}) as answer`, values(query, bindings)))
  return (rows as readonly Record<string, unknown>[]).map(lowerCaseNames)
}

/** The names of the columns that a query answers, in lower case, whatever rows it finds. */
export async function columnsOf(
  knex: Knex,
  query: BoundQuery,
  bindings: Bindings,
): Promise<readonly string[]> {
  const [row] = await knex
    .select('answer.*')
    .from(knex.raw('(select 1 as one) as always'))
    .joinRaw(`left join (${query.sql}) as answer on 1 = 1`, values(query, bindings))
    .limit(1)
  return Object.keys(lowerCaseNames((row ?? {}) as Record<string, unknown>))
}

/** Runs a query that changes something. */
export async function run(knex: Knex, query: BoundQuery, bindings: Bindings): Promise<void> {
  await knex.raw(query.sql, values(query, bindings))
}

function values(query: BoundQuery, bindings: Bindings): string[] {
  return query.parameters.map((parameter) => parameter(bindings))
}

function lowerCaseNames(row: Record<string, unknown>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]))
}
