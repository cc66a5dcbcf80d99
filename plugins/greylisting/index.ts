import { database, definePlugin, PeriodicWork, type PluginFactory, resolver } from 'mailwright'
import { Allowances } from './allowances.ts'
import { greylistCommands } from './commands.ts'
import { Greylist } from './greylist.ts'
import { type GreylistingInput, type GreylistingOptions, parseOptions } from './options.ts'
import { greylistMigration } from './tables.ts'
import { tidy } from './tidying.ts'
import { Triplets } from './triplets.ts'

export type { GreylistingInput } from './options.ts'

const tidyEvery = 600_000

/** Has clients that are new come back later; see README.md. */
const plugin: PluginFactory<GreylistingInput> = definePlugin<GreylistingOptions, GreylistingInput>({
  name: 'greylisting',
  requires: [database, resolver],
  migrations: [greylistMigration],
  parseOptions,
  setup({ name, hooks, use, log, clock }, options) {
    const tables = use(database)
    const greylist = new Greylist({
      triplets: new Triplets(tables, clock, options),
      allowances: new Allowances(tables, clock, options),
      resolver: use(resolver),
      options,
      log,
    })
    const tidying = new PeriodicWork({ clock, log, service: 'greylist', every: tidyEvery }, (signal) =>
      tidy({ database: tables, clock, log, options }, signal),
    )

    hooks.envelope.checkRecipient.tap('wait', async (transaction, { forwardPath }) =>
      greylist.recipient(transaction, forwardPath),
    )
    hooks.data.inspect.tap('delay', async (transaction) => greylist.findings(name, transaction))
    hooks.data.checkMessage.tap('wait', async (transaction) => greylist.message(transaction))

    return {
      serve: async () => tidying.start(),
      stop: () => tidying.stop(),
    }
  },
  commands({ use, clock }, options) {
    const tables = use(database)
    const allowances = new Allowances(tables, clock, options)
    return greylistCommands({ database: tables, allowances, clock, prefixes: options.prefixes })
  },
})

export default plugin
