import { type OptionReader, tableKey } from 'mailwright'
import { PatternTable } from './pattern-table.ts'
import { checkReferences } from './substitution.ts'
import type { Table } from './table.ts'

/** A pattern of the config with what it stands for. */
export interface ConfiguredPattern {
  readonly match: RegExp
  /** `$1` is what the first group matched. */
  readonly to: string | readonly string[]
}

/** Keys and values of a config. RangeError for anything else. */
export function configuredEntries(value: unknown): Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RangeError('must be a name such as "hash:/etc/postfix/virtual", or keys with their targets')
  const entries = new Map(Object.entries(value).map(([key, targets]) => [tableKey(key), joined(targets)]))
  const wrong = [...entries].find(([, targets]) => targets === undefined)
  if (wrong !== undefined) throw new RangeError(`must be a table: ${wrong[0]} has no text, or list of texts`)
  return { lookUp: async (key) => entries.get(key) }
}

/** The patterns of the option as one table, undefined where there are none. */
export function configuredPatterns(read: OptionReader): Table | undefined {
  const patterns = read.list('patterns', (one) => {
    const match = one.value('match')
    const to = joined(one.value('to'))
    if (!(match instanceof RegExp) || /[gy]/.test(match.flags))
      one.fault('match', 'must be a regular expression without the flags g and y')
    if (to === undefined) one.fault('to', 'must be a text, or a list of texts')
    if (match instanceof RegExp && to !== undefined) checkTo(one, to, match)
    return { match: match as RegExp, to: to ?? '' }
  })
  if (patterns.length === 0) return undefined
  const table = new PatternTable(
    patterns.map(({ match: { source, flags }, to }, index) => ({
      place: `patterns[${index}]`,
      kind: 'pattern',
      source,
      flags,
      negated: false,
      value: to,
    })),
  )
  return { wholeAddressesOnly: true, lookUp: (key) => table.lookUp(key), close: () => table.close() }
}

function checkTo(one: OptionReader, to: string, match: RegExp): void {
  try {
    checkReferences(to, match)
  } catch (error) {
    one.fault('to', (error as Error).message)
  }
}

function joined(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  return isList ? value.join(', ') : undefined
}
