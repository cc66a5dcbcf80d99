import { accounts, database, definePlugin, type PluginFactory, type Timer, unheardRoles } from 'mailwright'
import { SessionCounts } from 'mailwright/network'
import { AccountCounts, rateCountsMigration } from './account-counts.ts'
import { rateCommands } from './commands.ts'
import { MemoryCounts } from './memory-counts.ts'
import { parseOptions, type RateLimitsInput, type RateLimitsOptions } from './options.ts'
import { RateLimits } from './rate-limits.ts'

export type * from './options.ts'

const cleanEvery = 3_600_000

/** Limits of connections, messages and recipients, for each client, account, sender and recipient. */
const plugin: PluginFactory<RateLimitsInput> = definePlugin<RateLimitsOptions, RateLimitsInput>({
  name: 'rate-limits',
  optional: [accounts, database],
  migrations: [rateCountsMigration],
  parseOptions,
  setup({ hooks, useOptional, flow, clock, log, keep, rolesListenedFor }, options) {
    const counts = (name: string) =>
      new MemoryCounts(
        clock,
        options.maxEntries,
        keep(name, () => new Map()),
      )
    const accountCounts = new AccountCounts(useOptional(database), counts('accounts'), { clock, log })
    const limits = new RateLimits(options, {
      clock,
      log,
      accounts: useOptional(accounts),
      delivery: flow.delivery,
      accountCounts,
      counts: counts('others'),
      connections: keep('connections', () => new SessionCounts()),
    })
    const { connection, envelope } = hooks
    connection.checkClient.tap('client', async (session) => limits.checkClient(session))
    connection.closed.tap('client', async (session) => {
      limits.closed(session)
      await limits.countUnknown(session)
    })
    envelope.checkSender.tap('sender', (transaction) => limits.checkSender(transaction))
    envelope.checkRecipient.tap('recipient', (transaction, { forwardPath }) =>
      limits.checkRecipient(transaction, forwardPath),
    )
    let timer: Timer | undefined
    const rates = [...options.accounts.messages, ...options.accounts.recipients]
    const clean = (): void => {
      accountCounts.clean(rates).catch((error: unknown) => log.warn('unavailable', { error }))
      timer = clock.after(cleanEvery, clean)
    }
    return {
      doubts: () => {
        const roles = new Set(options.clients.flatMap((client) => [...client.roles]))
        return unheardRoles('clients', roles, rolesListenedFor())
      },
      serve: async () => clean(),
      stop: async () => timer?.cancel(),
    }
  },
  commands: ({ useOptional, clock }, options) =>
    rateCommands({ database: useOptional(database), clock, options }),
})

export default plugin
