import { resolve } from 'node:path'
import { definePlugin, notifier, type PluginFactory } from 'mailwright'
import { LocalNotifier } from './local-notifier.ts'
import { type LocalNotifierInput, type LocalNotifierOptions, parseOptions } from './options.ts'
import { SocketFile } from './socket-file.ts'
import { Subscriptions } from './subscriptions.ts'

export type { LocalNotifierInput, LocalNotifierOptions } from './options.ts'

/** Hints between all processes of one machine; see README.md. */
const plugin: PluginFactory<LocalNotifierInput> = definePlugin<LocalNotifierOptions, LocalNotifierInput>({
  name: 'local-notifier',
  provides: [notifier],
  parseOptions,
  setup({ provide, use, dataDir, log, clock }, { path }) {
    // The core's own, as long as nothing else is provided: it tells the subscribers of this process.
    const subscriptions = new Subscriptions(use(notifier), clock)
    const file = new SocketFile(resolve(dataDir, path), clock)
    const hints = new LocalNotifier({ file, subscriptions, clock, log })
    provide(notifier, hints)
    return { start: () => hints.start(), serve: () => hints.serve(), stop: () => hints.stop() }
  },
})

export default plugin
