import { MailwrightError } from '../errors.ts'
import type { FamilyShape } from './family.ts'
import type { GaugeDefinition, HistogramDefinition, MetricDefinition, MetricType } from './metrics.ts'

const usualLimit = 200
const largestLimit = 10_000
const mostBuckets = 50

// What a histogram's own lines are called.
const reservedEnds = /_(bucket|count|sum|created|info)$/

/** Checks a definition and fills in what it does not say. MAIL_E_SETUP. */
export function shapeOf(type: MetricType, definition: MetricDefinition): FamilyShape {
  const { name, help, labels = [], limit = usualLimit } = definition
  const problem =
    nameProblem(type, name) ??
    labelsProblem(labels) ??
    (help === '' || help.includes('\n') ? 'its help is one line' : undefined) ??
    (Number.isInteger(limit) && limit > 0 && limit <= largestLimit
      ? undefined
      : `its limit is a whole number from 1 to ${largestLimit}`)
  if (problem !== undefined) refuse(name, problem)
  const shape = { name, type, help, labels: [...labels], limit }
  if (type === 'gauge') return { ...shape, combine: (definition as GaugeDefinition).combine ?? 'sum' }
  return type === 'histogram'
    ? { ...shape, buckets: bucketsOf(name, (definition as HistogramDefinition).buckets) }
    : shape
}

export function refuse(name: string, problem: string): never {
  throw new MailwrightError(
    'MAIL_E_SETUP',
    `the metric ${JSON.stringify(name)} cannot be declared: ${problem}`,
  )
}

function nameProblem(type: MetricType, name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name)) return 'a name is lower case with underscores'
  if (type === 'counter') return name.endsWith('_total') ? undefined : 'the name of a counter ends in _total'
  if (name.endsWith('_total')) return 'only the name of a counter ends in _total'
  // `_info` is the convention for a gauge that is always 1.
  const reserved =
    type === 'gauge' ? reservedEnds.test(name) && !name.endsWith('_info') : reservedEnds.test(name)
  return reserved ? 'its name ends as the lines of a histogram do' : undefined
}

function labelsProblem(labels: readonly string[]): string | undefined {
  const isGood = (label: string): boolean =>
    /^[a-z][a-z0-9_]*$/.test(label) && !['le', 'quantile'].includes(label)
  if (!labels.every(isGood)) return 'a label is lower case with underscores, and neither "le" nor "quantile"'
  return new Set(labels).size === labels.length ? undefined : 'it has a label twice'
}

function bucketsOf(name: string, buckets: readonly number[]): readonly number[] {
  const ascends = buckets.every(
    (limit, index) => Number.isFinite(limit) && limit > (buckets[index - 1] ?? -1),
  )
  if (!ascends || buckets.length === 0 || buckets.length > mostBuckets)
    refuse(name, `its buckets are 1 to ${mostBuckets} ascending numbers from 0`)
  return [...buckets]
}
