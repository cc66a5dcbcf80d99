import type { MetricFamily } from 'mailwright'
import { expect, test } from 'vitest'
import { expose } from './exposition.ts'

const shape = { help: 'What it is.', labels: ['a'], limit: 10 } as const
const counter: MetricFamily = {
  ...shape,
  name: 'x_total',
  type: 'counter',
  samples: [{ labels: ['one\n"two"\\'], value: 3 }],
}
const histogram: MetricFamily = {
  ...shape,
  name: 'b_seconds',
  type: 'histogram',
  buckets: [0.5, 1],
  samples: [{ labels: ['y'], value: 4.5, counts: [1, 0, 2] }],
}
const gauge: MetricFamily = {
  ...shape,
  help: 'Says "\\".',
  labels: [],
  name: 'c_open',
  type: 'gauge',
  samples: [{ labels: [], value: -1.5 }],
}

test("Prometheus's own format, in the order of the names", () => {
  expect(expose([counter, gauge, histogram], 'text')).toBe(`# HELP b_seconds What it is.
# TYPE b_seconds histogram
b_seconds_bucket{a="y",le="0.5"} 1
b_seconds_bucket{a="y",le="1.0"} 1
b_seconds_bucket{a="y",le="+Inf"} 3
b_seconds_sum{a="y"} 4.5
b_seconds_count{a="y"} 3
# HELP c_open Says "\\\\".
# TYPE c_open gauge
c_open -1.5
# HELP x_total What it is.
# TYPE x_total counter
x_total{a="one\\n\\"two\\"\\\\"} 3
`)
})

test('OpenMetrics, which names counters without their end, and has one itself', () => {
  expect(expose([counter, gauge], 'openmetrics')).toBe(`# HELP c_open Says \\"\\\\\\".
# TYPE c_open gauge
c_open -1.5
# HELP x What it is.
# TYPE x counter
x_total{a="one\\n\\"two\\"\\\\"} 3
# EOF
`)
})

test('what has no value is not there', () => {
  expect(expose([{ ...counter, samples: [] }], 'text')).toBe('')
  expect(expose([], 'openmetrics')).toBe('# EOF\n')
})
