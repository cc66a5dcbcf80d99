import { readOptions } from '../options.ts'
import { UsageError } from './context.ts'

type Value = string | boolean | undefined

/** A time that is over: a time, or how long ago. Undefined where none is given. */
export function since(value: Value): Date | undefined {
  return time(value, -1, '2h')
}

/** A time to come: a time, or how long until then. Undefined where none is given. */
export function until(value: Value): Date | undefined {
  return time(value, 1, '30d')
}

function time(value: Value, sign: 1 | -1, example: string): Date | undefined {
  if (typeof value !== 'string') return undefined
  try {
    const read = readOptions({ time: value })
    return new Date(Date.now() + sign * read.done(read.duration('time')))
  } catch {
    const date = new Date(value)
    if (!Number.isNaN(date.getTime())) return date
    throw new UsageError(
      `"${value}" is neither a time such as 2026-01-31T12:00Z nor a duration such as ${example}`,
    )
  }
}
