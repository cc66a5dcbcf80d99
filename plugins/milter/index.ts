import { definePlugin, history, type PluginFactory, resolver } from 'mailwright'
import { KeptBodies } from './kept-bodies.ts'
import type { MilterSettings } from './milter.ts'
import { type MilterInput, type MilterOptions, parseOptions } from './options.ts'
import { Sessions } from './sessions.ts'

export type { MilterSettings } from './milter.ts'
export type {
  MilterEntry,
  MilterInput,
  MilterOptions,
  MilterRole,
  MilterTimeouts,
  WhenUnavailable,
} from './options.ts'

/** Mail filters that speak the milter protocol see sessions and messages, refuse them, and change them. */
const plugin: PluginFactory<MilterInput> = definePlugin<MilterOptions, MilterInput>({
  name: 'milter',
  optional: [history, resolver],
  parseOptions,
  setup(context, { milters }) {
    const { hooks, useOptional, clock } = context
    const bodies = new KeptBodies(clock)
    const services = { history: useOptional(history), resolver: useOptional(resolver) }
    const sessions = new Sessions(context, milters, bodies, services)
    const before = { timeout: patience(milters, 'command') }
    const during = { timeout: patience(milters, 'total') }

    hooks.connection.checkClient.tap(
      'connect',
      async (session) => (await sessions.begin(session))?.connect(),
      before,
    )
    hooks.connection.checkHello.tap('hello', async (session) => sessions.find(session)?.hello(), before)
    hooks.connection.unknownCommand.tap(
      'unknown',
      async (session, line) => sessions.find(session)?.unknown(line),
      before,
    )
    hooks.connection.checkLogin.tap('mechanism', async (session, { mechanism }) => {
      sessions.note(session, mechanism)
      return undefined
    })
    hooks.envelope.checkSender.tap(
      'sender',
      async (transaction) => (await sessions.findOrBegin(transaction.session))?.mail(transaction),
      before,
    )
    hooks.envelope.checkRecipient.tap(
      'recipient',
      async (transaction, candidate) => sessions.find(transaction.session)?.recipient(transaction, candidate),
      before,
    )
    hooks.data.checkMessage.tap(
      'message',
      async (transaction, message) => sessions.find(transaction.session)?.message(transaction, message),
      during,
    )
    // In front of what others change: milters have seen the message as it was before.
    hooks.data.rewriteMessage.tap('changes', async (edits, transaction) => {
      const ours = sessions.find(transaction.session)?.edits(transaction) ?? []
      bodies.onItsWay(transaction)
      return ours.length === 0 ? undefined : [...ours, ...edits]
    })
    hooks.data.accepted.tap('done', async (transaction) => bodies.done(transaction))
    hooks.connection.closed.tap('quit', async (session) => sessions.end(session))
    return {
      async stop() {
        sessions.stop()
        await bodies.stop()
      },
    }
  },
})

export default plugin

// Milliseconds beyond what milters are given: so that it is always the milter that is late, and never the plugin.
const reserve = 10_000

/** How long the milters may take together for one hook: a connection, the client and HELO may come at once. */
function patience(milters: readonly MilterSettings[], phase: 'command' | 'total'): number {
  const each = milters.map(({ timeouts }) => timeouts.connect + 4 * timeouts.command + timeouts[phase])
  return each.reduce((sum, one) => sum + one, reserve)
}
