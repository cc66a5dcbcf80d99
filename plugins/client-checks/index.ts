import { definePlugin, type PluginFactory, resolver } from 'mailwright'
import { Checks } from './checks.ts'
import { type ClientChecksInput, type ClientChecksOptions, parseOptions } from './options.ts'

export type { AccessInput } from './access.ts'
export type { ClientChecksInput, ConsequenceInput } from './options.ts'

/** What a client says of itself and of its sender, compared with the DNS; and an access table. See README.md. */
const plugin: PluginFactory<ClientChecksInput> = definePlugin<ClientChecksOptions, ClientChecksInput>({
  name: 'client-checks',
  requires: [resolver],
  parseOptions,
  setup({ name, hooks, use, log, hostname }, options) {
    const checks = new Checks(options, use(resolver), hostname)
    hooks.envelope.checkRecipient.tap('checks', async (transaction, { forwardPath }) =>
      checks.refusal(transaction, forwardPath),
    )
    hooks.data.inspect.tap('checks', async (transaction) => checks.findings(name, transaction))
    return {
      async serve() {
        for (const text of options.reachable.doubts) log.warn('starting', { text })
      },
    }
  },
})

export default plugin
