import {
  certificates,
  definePlugin,
  type HealthProblem,
  type ListenOptions,
  type PluginFactory,
  queue,
  type Spool,
} from 'mailwright'
import { Access } from './access.ts'
import { CertificateFigures } from './certificate-figures.ts'
import { healthCommand } from './health-command.ts'
import { HttpResponder } from './http-responder.ts'
import { type MetricsInput, type MetricsOptions, parseOptions } from './options.ts'
import { QueueFigures } from './queue-figures.ts'

export type { MetricsInput, MetricsOptions } from './options.ts'

const maxConnections = 32

/** Metrics for Prometheus and whoever reads its format, and the server's health for whoever supervises it; see README.md. */
const plugin: PluginFactory<MetricsInput> = definePlugin<MetricsOptions, MetricsInput>({
  name: 'metrics',
  optional: [queue, certificates],
  parseOptions,
  setup({ useOptional, listen, metrics, health, spool, hostname, log, clock }, options) {
    const waiting = useOptional(queue)
    if (waiting !== undefined) {
      new QueueFigures(waiting, clock, options.destinations).declare(metrics)
      health.check('queue', async () => {
        if (waiting.supports.manageable) await waiting.list({}, 1)
        return undefined
      })
    }
    const keys = useOptional(certificates)
    if (keys !== undefined) {
      const figures = new CertificateFigures(keys, hostname, clock)
      figures.declare(metrics)
      health.check('certificates', () => figures.check(options.certificateDays))
    }
    health.check('room', () => room(spool, options.minimumRoom))
    const responder = new HttpResponder({ access: new Access(options), metrics, health, log, clock })
    listen(listenOptions(options), (socket) => responder.accept(socket))
    return { stop: async () => responder.stop() }
  },
  commands: (_context, options) => [healthCommand(options)],
})

export default plugin

function listenOptions({ host, port, path }: MetricsOptions): ListenOptions {
  const common = { role: 'http', maxConnections } as const
  // Who may write to the socket's file may ask: its group, too.
  return path === undefined ? { ...common, host, port } : { ...common, path, mode: 0o660 }
}

async function room(spool: Spool, minimum: number): Promise<HealthProblem | undefined> {
  if ((await spool.room()) >= minimum) return undefined
  return { state: 'fail', reason: 'there is too little room for messages on the disk' }
}
