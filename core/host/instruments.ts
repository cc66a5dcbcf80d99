import type { Clock } from '../clock.ts'
import type { Health } from '../health/health.ts'
import { HostHealth } from '../health/host-health.ts'
import type { Log } from '../log.ts'
import type { Spool } from '../message/spool.ts'
import { countedLog } from '../metrics/counted-log.ts'
import { FlowMetrics } from '../metrics/flow-metrics.ts'
import { HookMetrics } from '../metrics/hook-metrics.ts'
import { HostMetrics, type MetricStore } from '../metrics/host-metrics.ts'
import { ProcessMetrics } from '../metrics/process-metrics.ts'
import type { Peers } from '../workers/peers.ts'

/** What the surroundings give a host's instruments. */
export interface InstrumentOptions {
  /** What was counted before; shared by the hosts of a reload. */
  readonly counted?: MetricStore
  /** The other workers, where this process is one of several. */
  readonly peers?: Peers | undefined
}

/** What of a host's state is told as its health. */
export type HostState = 'starting' | 'running' | 'stopping'

/** All by which one sees how a host does: what is counted, what is checked, and the log. */
export class Instruments {
  readonly metrics: HostMetrics
  readonly health: HostHealth
  /** The given log; what it says of trouble is counted. */
  readonly log: Log
  readonly flow: FlowMetrics
  readonly hooks: HookMetrics
  readonly #process: ProcessMetrics
  state: HostState = 'starting'

  constructor(log: Log, clock: Clock, spool: Spool, { counted = new Map(), peers }: InstrumentOptions) {
    this.metrics = new HostMetrics({ store: counted, clock, log, peers })
    this.log = countedLog(log, this.metrics)
    this.health = new HostHealth({ clock, log: this.log, peers })
    this.flow = new FlowMetrics(this.metrics, clock)
    this.hooks = new HookMetrics(this.metrics)
    this.#process = new ProcessMetrics(this.metrics, spool, clock)
    this.healthFor('core').check('plugins', async () =>
      this.state === 'running' ? undefined : { state: 'fail', reason: `the server is ${this.state}` },
    )
  }

  healthFor(plugin: string): Health {
    return this.health.facade(plugin)
  }

  stop(): void {
    this.#process.stop()
  }
}
