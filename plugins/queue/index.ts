import {
  database,
  definePlugin,
  emptyQueue,
  history,
  nextHops,
  notifier,
  type PluginContext,
  type PluginFactory,
  queue,
  statusNotifications,
} from 'mailwright'
import { DirectQueue } from './direct-queue.ts'
import { addChecks } from './health-checks.ts'
import { createKeepingQueue, type KeepingQueue } from './keeping-queue.ts'
import { folderOf, parseOptions, type QueueInput, type QueueOptions } from './options.ts'
import { queueMigrations } from './tables/migrations.ts'

export type { QueueInput } from './options.ts'

/** Takes responsibility for messages: keeps, retries and reports them where there is a database; see README.md. */
const plugin: PluginFactory<QueueInput> = definePlugin<QueueOptions, QueueInput>({
  name: 'queue',
  provides: [queue],
  optional: [database, statusNotifications, nextHops, notifier, history],
  migrations: queueMigrations,
  parseOptions,
  setup(context, options) {
    const keeping = keepingQueue(context, options)
    if (keeping !== undefined) {
      context.provide(queue, keeping.queue)
      const keeps = [folderOf(options, context.dataDir)]
      return { keeps, serve: () => keeping.serve(), stop: () => keeping.stop() }
    }
    const direct = new DirectQueue(context.flow.delivery)
    const { supports } = direct
    context.provide(queue, { supports, accept: (submission) => direct.accept(submission), ...emptyQueue })
    return { stop: () => direct.close() }
  },
})

/** Undefined without a database: nothing can be kept then. */
function keepingQueue(
  { useOptional, flow, clock, log, dataDir, metrics, health }: PluginContext,
  options: QueueOptions,
): KeepingQueue | undefined {
  const tables = useOptional(database)
  if (tables === undefined) return undefined
  const folder = folderOf(options, dataDir)
  addChecks(health, { database: tables, folder })
  return createKeepingQueue({
    options,
    folder,
    database: tables,
    delivery: flow.delivery,
    notifications: useOptional(statusNotifications),
    nextHops: useOptional(nextHops),
    notifier: useOptional(notifier),
    history: useOptional(history),
    clock,
    log,
    metrics,
  })
}

export default plugin
