import { labelKey, otherValue } from './family.ts'
import type { MetricFamily, MetricSample } from './metrics.ts'

/**
 * Makes one of what several processes have counted. Where they do not agree what a metric is, as between a reload of the first and of
 * the last, the first one's word counts. A family keeps to its limit.
 */
export function combineFamilies(parts: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const byName = Map.groupBy(parts.flat(), ({ name }) => name)
  return [...byName.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const alike = others.filter((other) => shapeText(other) === shapeText(first))
    return [
      {
        ...first,
        samples: combineSamples(
          first,
          [first, ...alike].flatMap(({ samples }) => samples),
        ),
      },
    ]
  })
}

/** Only what goes on counting when its process has ended: counters and histograms. */
export function countsOf(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.filter(({ type }) => type !== 'gauge')
}

function shapeText({ samples: _samples, help: _help, ...shape }: MetricFamily): string {
  return JSON.stringify(Object.entries(shape).sort())
}

function combineSamples(family: MetricFamily, samples: readonly MetricSample[]): readonly MetricSample[] {
  const combined = new Map<string, MetricSample>()
  const others = family.labels.map(() => otherValue)
  for (const sample of samples) {
    const own = labelKey(sample.labels)
    const isOther = !combined.has(own) && combined.size >= family.limit
    const key = isOther ? labelKey(others) : own
    const before = combined.get(key)
    combined.set(
      key,
      before === undefined
        ? { ...sample, labels: isOther ? others : sample.labels }
        : both(family, before, sample),
    )
  }
  return [...combined.values()]
}

function both({ combine = 'sum' }: MetricFamily, one: MetricSample, other: MetricSample): MetricSample {
  const value = combine === 'sum' ? one.value + other.value : Math[combine](one.value, other.value)
  const { labels, counts } = one
  if (counts === undefined) return { labels, value }
  return { labels, value, counts: counts.map((count, index) => count + (other.counts?.[index] ?? 0)) }
}
