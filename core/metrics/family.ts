import type { Cell } from './cells.ts'
import type { Combination, MetricFamily, MetricSample, MetricType } from './metrics.ts'

/** What a family is, with every default filled in. */
export interface FamilyShape {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly labels: readonly string[]
  readonly limit: number
  readonly combine?: Combination
  readonly buckets?: readonly number[]
}

/** What takes the place of label values that are too many. */
export const otherValue = 'other'

/** Characters of a label's value that are kept. */
const longestValue = 120

/** One metric: a cell for each combination of label values, up to a limit, and one for all others. */
export class Family<Own extends Cell = Cell> {
  readonly shape: FamilyShape
  readonly #make: () => Own
  readonly #cells = new Map<string, { readonly labels: readonly string[]; readonly cell: Own }>()

  constructor(shape: FamilyShape, make: () => Own) {
    this.shape = shape
    this.#make = make
    // What has no labels is there from the beginning, as 0.
    if (shape.labels.length === 0) this.of()
  }

  of(...values: readonly string[]): Own {
    const key = labelKey(values)
    return this.#cells.get(key)?.cell ?? this.#newCell(values)
  }

  #newCell(values: readonly string[]): Own {
    const { labels: names, limit } = this.shape
    const given = names.map((_, index) => shownValue(values[index]))
    const labels = this.#cells.size < limit ? given : names.map(() => otherValue)
    // Values that were cut, or not given, may be known by what became of them.
    const key = labelKey(labels)
    const known = this.#cells.get(key)
    if (known !== undefined) return known.cell
    const cell = this.#make()
    this.#cells.set(key, { labels, cell })
    return cell
  }

  /** Whether a definition declares this very metric. */
  is(shape: FamilyShape): boolean {
    return JSON.stringify(shape) === JSON.stringify(this.shape)
  }

  snapshot(): MetricFamily {
    const samples = [...this.#cells.values()].map(({ labels, cell }) => ({ labels, ...cell.values() }))
    return { ...this.shape, samples: samples.filter(isSayable) }
  }
}

/** The same for the same label values. */
export function labelKey(values: readonly string[]): string {
  return values.length === 1 ? `${values[0]}` : values.join('\0')
}

/** A label's value as it is kept: a text of limited length that is good UTF-8. */
export function shownValue(value: unknown): string {
  return String(value ?? '')
    .slice(0, longestValue)
    .toWellFormed()
}

/** What is not a finite number cannot be sent to another worker, and says nothing. */
function isSayable({ value }: MetricSample): boolean {
  return Number.isFinite(value)
}
