import { database, definePlugin, formatAddress, history, type PluginFactory, unheardRoles } from 'mailwright'
import { guardCommands } from './commands.ts'
import { Guard } from './guard.ts'
import { emptyMemory } from './guard-memory.ts'
import { GuardTables } from './guard-tables.ts'
import { type GuardInput, parseOptions } from './options.ts'
import type { GuardOptions } from './settings.ts'
import { Synchronisation } from './synchronisation.ts'
import { guardMigration } from './tables.ts'

export type { GuardInput } from './options.ts'
export type { GuardOptions } from './settings.ts'

/** One guard against the guessing of passwords, for all protocols. */
const plugin: PluginFactory<GuardInput> = definePlugin<GuardOptions, GuardInput>({
  name: 'guard',
  optional: [database, history],
  migrations: [guardMigration],
  parseOptions,
  setup({ hooks, useOptional, clock, log, keep, rolesListenedFor }, options) {
    const shared = useOptional(database)
    const tables = shared && new GuardTables(shared)
    const memory = tables === undefined ? keep('memory', emptyMemory) : emptyMemory()
    const guard = new Guard(options, { clock, log, history: useOptional(history), tables, memory })
    const { connection } = hooks
    // A delay must end before the tap's time does.
    const patient = { timeout: options.delay.longest + 30_000 }
    connection.checkClient.tap('ban', (session) => guard.checkClient(session))
    connection.checkLogin.tap('login', (session, attempt) => guard.checkLogin(session, attempt), patient)
    connection.loginFailed.tap('count', (session, attempt) => guard.loginFailed(session, attempt), patient)
    connection.loggedIn.tap('known', async (session, { address }) =>
      guard.loggedIn(session, formatAddress(address)),
    )
    const synchronisation = tables && new Synchronisation(guard, tables, options, { clock, log })
    return {
      doubts: () => unheardRoles('roles', options.roles, rolesListenedFor()),
      serve: async () => synchronisation?.start(),
      stop: async () => synchronisation?.stop(),
    }
  },
  commands: ({ useOptional, clock }, options) =>
    guardCommands({ database: useOptional(database), clock, options }),
})

export default plugin
