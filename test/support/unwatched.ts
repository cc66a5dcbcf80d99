import { createLog, type PluginContext, systemClock } from 'mailwright'
import { HostMetrics } from '../../core/metrics/host-metrics.ts'

/** What a plugin counts and has checked where nobody looks: for contexts that are made by hand. */
export function unwatched(): Pick<PluginContext, 'metrics' | 'health'> {
  return {
    metrics: new HostMetrics({
      store: new Map(),
      clock: systemClock,
      log: createLog('silent'),
      peers: undefined,
    }),
    health: { check: () => undefined, report: async () => ({ state: 'pass', checks: [] }) },
  }
}
