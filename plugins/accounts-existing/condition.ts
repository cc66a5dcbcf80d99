import type { Knex } from 'knex'
import type { OptionReader } from 'mailwright'
import { isColumnName } from './identifier.ts'

/** A value that a column is compared with. */
export type ConditionValue = string | number | boolean

/** What a column must be: a value, one of several, null; or, with `not`, anything else. */
export type Condition =
  | ConditionValue
  | null
  | readonly ConditionValue[]
  | { readonly not: ConditionValue | null | readonly ConditionValue[] }

/** By column. A row must meet all of them. */
export type Conditions = Readonly<Record<string, Condition>>

/** Reads conditions; what is no condition is a fault with its column's path. */
export function readConditions(read: OptionReader, name: string): Conditions {
  const given = read.value(name)
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    read.fault(name, 'must be an object of columns and what they must be')
    return {}
  }
  for (const [column, condition] of Object.entries(given)) {
    if (!isColumnName(column)) read.fault(`${name}.${column}`, 'is not the name of a column')
    if (!isCondition(condition)) {
      read.fault(
        `${name}.${column}`,
        'must be a text, a number, true, false, null, a list of these, or { not: … }',
      )
    }
  }
  return given as Conditions
}

/** Adds conditions to a query. Columns are quoted and values bound. */
export function applyConditions(query: Knex.QueryBuilder, conditions: Conditions): void {
  for (const [column, condition] of Object.entries(conditions)) {
    if (!isNegation(condition)) matching(query, column, condition)
    else if (condition.not === null) query.whereNotNull(column)
    // Null is anything else too, which SQL denies.
    else query.where((either) => unlike(either, column, condition.not).orWhereNull(column))
  }
}

type Plain = ConditionValue | null | readonly ConditionValue[]

function matching(query: Knex.QueryBuilder, column: string, value: Plain): void {
  if (value === null) query.whereNull(column)
  else if (isList(value)) query.whereIn(column, value)
  else query.where(column, value)
}

function unlike(query: Knex.QueryBuilder, column: string, value: Plain): Knex.QueryBuilder {
  if (value === null) return query
  return isList(value) ? query.whereNotIn(column, value) : query.whereNot(column, value)
}

function isList(value: Condition): value is readonly ConditionValue[] {
  return Array.isArray(value)
}

function isNegation(condition: Condition): condition is Extract<Condition, { not: unknown }> {
  return typeof condition === 'object' && condition !== null && !Array.isArray(condition)
}

function isCondition(value: unknown): boolean {
  if (isPlain(value)) return true
  if (typeof value !== 'object' || value === null) return false
  const names = Object.keys(value)
  return names.length === 1 && names[0] === 'not' && isPlain((value as { readonly not: unknown }).not)
}

function isPlain(value: unknown): boolean {
  return (
    value === null || isScalar(value) || (Array.isArray(value) && value.length > 0 && value.every(isScalar))
  )
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
