import { describe, expect, test } from 'vitest'
import { combineFamilies, countsOf } from './combine.ts'
import type { MetricFamily } from './metrics.ts'

const counter = (name: string, values: Readonly<Record<string, number>>, limit = 10): MetricFamily => ({
  name,
  type: 'counter',
  help: 'x',
  labels: ['a'],
  limit,
  samples: Object.entries(values).map(([label, value]) => ({ labels: [label], value })),
})

const histogram = (counts: readonly number[], value: number, buckets = [1, 2]): MetricFamily => ({
  name: 'h_seconds',
  type: 'histogram',
  help: 'x',
  labels: [],
  limit: 1,
  buckets,
  samples: [{ labels: [], value, counts }],
})

describe('combining', () => {
  test('counters by their labels', () => {
    expect(
      combineFamilies([[counter('a_total', { x: 1, y: 2 })], [counter('a_total', { y: 3, z: 4 })]]),
    ).toEqual([counter('a_total', { x: 1, y: 5, z: 4 })])
  })

  test('histograms bucket by bucket', () => {
    expect(combineFamilies([[histogram([1, 2, 3], 9)], [histogram([1, 0, 1], 4)]])).toEqual([
      histogram([2, 2, 4], 13),
    ])
  })

  test('what is something else there is left out', () => {
    const [one] = combineFamilies([[histogram([1, 2, 3], 9)], [histogram([1, 0], 4, [1])]])
    expect(one).toEqual(histogram([1, 2, 3], 9))
  })

  test('a changed help text does not hide the figures', () => {
    const [one] = combineFamilies([
      [counter('a_total', { x: 1 })],
      [{ ...counter('a_total', { x: 1 }), help: 'other' }],
    ])
    expect(one).toEqual(counter('a_total', { x: 2 }))
  })

  test('keeps to the limit, whatever each brings', () => {
    const [one] = combineFamilies([
      [counter('a_total', { x: 1, y: 1 }, 2)],
      [counter('a_total', { z: 1, other: 4, x: 1 }, 2)],
    ])
    expect(one).toEqual(counter('a_total', { x: 2, y: 1, other: 5 }, 2))
  })

  test('nothing of nobody is nothing', () => {
    expect(combineFamilies([])).toEqual([])
    expect(combineFamilies([[], []])).toEqual([])
  })
})

test('what has ended has no gauges', () => {
  const gauge: MetricFamily = { ...counter('a_open', { x: 1 }), type: 'gauge', combine: 'sum' }
  expect(countsOf([gauge, counter('a_total', { x: 1 }), histogram([1, 1, 1], 1)])).toEqual([
    counter('a_total', { x: 1 }),
    histogram([1, 1, 1], 1),
  ])
})
