import { type Counter, durationBuckets, type Histogram, type Labelled, type Metrics } from './metrics.ts'

/** What is counted of taps. Each has its own histogram at hand, since taps are called very often. */
export class HookMetrics {
  readonly #durations: Labelled<Histogram, readonly ['hook', 'plugin']>
  readonly #faults: Labelled<Counter, readonly ['hook', 'plugin', 'fault']>

  constructor(metrics: Metrics) {
    this.#durations = metrics.histogram({
      name: 'mailwright_hook_duration_seconds',
      help: 'How long taps took.',
      labels: ['hook', 'plugin'],
      buckets: durationBuckets,
      limit: 1_000,
    })
    this.#faults = metrics.counter({
      name: 'mailwright_hook_faults_total',
      help: 'Taps that threw or gave no proper answer (error), gave none in time (timeout), or one too late or twice (late).',
      labels: ['hook', 'plugin', 'fault'],
      limit: 1_000,
    })
  }

  readonly durations = (hook: string, plugin: string): Histogram => this.#durations.of(hook, plugin)

  /** `tap` is `<plugin>/<step>`. */
  fault(hook: string, tap: string, fault: 'error' | 'timeout' | 'late'): void {
    const [plugin = ''] = tap.split('/')
    this.#faults.of(hook, plugin, fault).add()
  }
}
