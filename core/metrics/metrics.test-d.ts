import type { Counter, Gauge, Metrics } from './metrics.ts'

// What the compiler has to refuse, or to take, of metrics. Never run.
export function labels(metrics: Metrics): readonly (Counter | Gauge)[] {
  const none = metrics.gauge({ name: 'a_open', help: 'x' })
  const two = metrics.counter({ name: 'b_total', help: 'x', labels: ['role', 'reply'] })
  // @ts-expect-error It has no labels.
  none.of('x')
  // @ts-expect-error One value is missing.
  two.of('transfer')
  // @ts-expect-error Values are texts.
  two.of('transfer', 250)
  metrics.observe({ name: 'c_open', help: 'x', labels: ['role'] }, () => [{ labels: ['transfer'], value: 1 }])
  // @ts-expect-error One label, two values.
  metrics.observe({ name: 'd_open', help: 'x', labels: ['role'] }, () => [{ labels: ['a', 'b'], value: 1 }])
  // @ts-expect-error A histogram needs limits.
  metrics.histogram({ name: 'e_seconds', help: 'x' })
  return [none.of(), two.of('transfer', '2xx')]
}
