import { accounts, definePlugin, type NoOptions, noOptions, type PluginFactory, store } from 'mailwright'
import { exportCommands } from './export-command.ts'
import { importCommands, type MigrationContext } from './import-command.ts'

/** The commands that bring mail here and take it elsewhere: `import …` and `export …`. */
const plugin: PluginFactory<NoOptions> = definePlugin({
  name: 'migration',
  requires: [store, accounts],
  parseOptions: noOptions,
  setup: () => undefined,
  commands(context) {
    const { clock, dataDir, hostname, spool, use } = context
    const parts: MigrationContext = {
      clock,
      dataDir,
      hostname,
      spool,
      store: use(store),
      accounts: use(accounts),
    }
    return [...importCommands(parts), ...exportCommands(parts)]
  },
})

export default plugin
