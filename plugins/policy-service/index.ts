import { connect } from 'node:net'
import { definePlugin, type PluginFactory, resolver, type TapOptions } from 'mailwright'
import { PolicyClient } from './client.ts'
import {
  type AskingLimits,
  type PolicyServiceInput,
  type PolicyServiceOptions,
  parseOptions,
  type Stage,
} from './options.ts'
import { Policy } from './policy.ts'

export type { PolicyServiceInput } from './options.ts'

/** Asks a server that speaks Postfix's policy delegation protocol; see README.md. */
const plugin: PluginFactory<PolicyServiceInput> = definePlugin<PolicyServiceOptions, PolicyServiceInput>({
  name: 'policy-service',
  requires: [resolver],
  parseOptions,
  setup({ name, hooks, use, log, clock }, options) {
    const client = new PolicyClient(() => connect({ ...options.address, noDelay: true }), options, clock)
    const policy = new Policy({ client, resolver: use(resolver), options, log })
    const asks = (stage: Stage) => options.ask.includes(stage)
    const patient: TapOptions = { timeout: patience(options) }
    const { connection, envelope, data } = hooks

    connection.checkLogin.tap('mechanism', async (session, attempt) => {
      policy.loginTried(session, attempt.mechanism)
      return undefined
    })
    if (asks('client'))
      connection.checkClient.tap(
        'client',
        async (session, { signal }) => policy.check({ stage: 'client', session }, signal),
        patient,
      )
    if (asks('hello'))
      connection.checkHello.tap(
        'hello',
        async (session, { signal }) => policy.check({ stage: 'hello', session }, signal),
        patient,
      )
    if (asks('sender'))
      envelope.checkSender.tap(
        'sender',
        async (transaction, { signal }) =>
          policy.check({ stage: 'sender', session: transaction.session, transaction }, signal),
        patient,
      )
    if (asks('recipient'))
      envelope.checkRecipient.tap(
        'recipient',
        async (transaction, recipient, { signal }) =>
          policy.check({ stage: 'recipient', session: transaction.session, transaction, recipient }, signal),
        patient,
      )
    // Whoever looks at the message finds them there: what opendmarc makes of it hangs on policyd-spf's field.
    data.prepareMessage.tap('fields', async (edits, transaction) => {
      const wanted = policy.effects(transaction).fields(edits)
      return wanted.length === 0 ? undefined : [...edits, ...wanted]
    })
    data.inspect.tap('notes', async (transaction) => policy.effects(transaction).findings(name))
    if (asks('message'))
      data.checkMessage.tap(
        'message',
        async (transaction, { size }, _findings, { signal }) =>
          policy.check({ stage: 'message', session: transaction.session, transaction, size }, signal),
        patient,
      )
    data.rewriteMessage.tap('edits', async (edits, transaction) => {
      const effects = policy.effects(transaction)
      const wanted = [...effects.edits(transaction, edits), ...effects.lateFields(edits)]
      return wanted.length === 0 ? undefined : [...edits, ...wanted]
    })
    return { stop: async () => client.close() }
  },
})

/** All attempts with their pauses, and a moment for the names of the client. */
function patience({ timeout, tries, retryDelay }: AskingLimits): number {
  return tries * timeout + (tries - 1) * retryDelay + 20_000
}

export default plugin
