import { connect } from 'node:net'
import {
  type Accounts,
  accounts,
  type Clock,
  definePlugin,
  formatAddress,
  noOptions,
  type PluginInstance,
  UnavailableError,
} from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import localDelivery from 'mailwright/plugins/local-delivery'
import { createMemoryAccounts, memoryQueue, memoryStore } from 'mailwright/plugins/memory'
import relay, { type RelayInput } from 'mailwright/plugins/relay'
import smtp, { type SmtpInput } from 'mailwright/plugins/smtp'
import { createTestHost, overlay, type TestHost } from 'mailwright/testing'
import { Wire } from '../wire.ts'

export const password = 'correct horse battery'

/** A client that relaying is allowed to, and one that it is not; both are this machine. */
export const [trusted, stranger] = ['127.0.0.9', '127.0.0.1']

/** One recipient of a message that went to another host. */
export interface SentOn {
  /** Empty for `<>`. */
  readonly from: string
  readonly to: string
  readonly nextHop: string | undefined
}

/** A whole system whose mail to other hosts is only noted. */
export interface RelaySystem extends AsyncDisposable {
  readonly host: TestHost
  readonly sent: readonly SentOn[]
  /** From now on the accounts service does not answer. */
  breakAccounts(): void
  /** As it was at the start. */
  reset(): void
  portOf(listener: string): number
  /** A greeted client of a listener, from an address of this machine. */
  client(listener: string, from?: string): Promise<Wire>
}

export interface RelaySystemOptions {
  readonly relay?: RelayInput
  /** For all listeners. */
  readonly smtp?: SmtpInput
  readonly clock?: Clock
  /** Behind the accounts, and before those who route. */
  readonly routers?: readonly PluginInstance[]
  /** In front of the listeners. */
  readonly plugins?: readonly PluginInstance[]
  readonly without?: 'relay'
}

/**
 * here.example has jo, anna, boss, info@ (for jo), team@ (jo and anna), and away@, which leads to a foreign address;
 * caught.example has only a catch-all, which is jo's.
 */
export async function startRelaySystem(given: RelaySystemOptions = {}): Promise<RelaySystem> {
  const sent: SentOn[] = []
  const state = { broken: false }
  const host = await createTestHost({
    sockets: true,
    hostname: 'mx.here.example',
    ...(given.clock === undefined ? {} : { clock: given.clock }),
    plugins: [
      directory(state),
      memoryStore(),
      memoryQueue(),
      certificates(),
      ...(given.routers ?? []),
      localDelivery({ postmaster: 'jo@here.example' }),
      ...(given.without === 'relay' ? [] : [relay({ networks: [trusted], ...given.relay })]),
      recorder(sent),
      ...(given.plugins ?? []),
      smtp({ port: 0, dsn: true, ...given.smtp }, { as: 'transfer' }),
      smtp({ role: 'submission', port: 0, dsn: true }, { as: 'submission' }),
      smtp({ ...given.smtp, role: 'submission', port: 0, auth: false }, { as: 'open-submission' }),
      smtp({ role: 'lmtp', port: 0 }, { as: 'lmtp' }),
    ],
  })
  const portOf = (name: string) => host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
  return {
    host,
    sent,
    breakAccounts() {
      state.broken = true
    },
    reset() {
      state.broken = false
      sent.length = 0
    },
    portOf,
    async client(listener, from = stranger) {
      const wire = new Wire(connect({ port: portOf(listener), host: '127.0.0.1', localAddress: from }))
      await wire.until('\r\n')
      return wire
    },
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

function directory(state: { broken: boolean }): PluginInstance {
  const plugin = definePlugin({
    name: 'directory',
    provides: [accounts],
    parseOptions: noOptions,
    setup({ provide, clock }) {
      const inner = createMemoryAccounts(
        {
          accounts: ['jo', 'anna', 'boss'].map((name) => ({ address: `${name}@here.example`, password })),
          aliases: [
            { address: 'info@here.example', targets: ['jo@here.example'] },
            { address: 'team@here.example', targets: ['jo@here.example', 'anna@here.example'] },
            { address: 'away@here.example', targets: ['jo@away.example'] },
            { address: '@caught.example', targets: ['jo@here.example'] },
          ],
        },
        clock,
      )
      const resolve: Accounts['resolve'] = async (address) => {
        if (state.broken) throw new UnavailableError('the accounts are away')
        return inner.resolve(address)
      }
      provide(accounts, overlay(inner, { resolve }))
    },
  })
  return plugin()
}

/** Stands for the plugin that delivers to other hosts. */
function recorder(sent: SentOn[]): PluginInstance {
  const plugin = definePlugin({
    name: 'recorder',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.delivery.deliver.tap('note', async ({ kind, items }) => {
        if (kind !== 'remote') return undefined
        return items.map(({ reversePath, route }) => {
          if (route.kind !== 'remote') throw new TypeError('a remote batch holds remote routes')
          const from = reversePath === null ? '' : formatAddress(reversePath)
          sent.push({ from, to: formatAddress(route.address), nextHop: route.nextHop })
          return { kind: 'delivered' as const, text: 'noted' }
        })
      })
    },
  })
  return plugin()
}

/** The last line of the reply to a command. */
export async function ask(wire: Wire, command: string): Promise<string> {
  wire.send(Buffer.concat([Buffer.from(command), Buffer.from('\r\n')]))
  for (;;) {
    const line = await wire.line()
    if (line[3] !== '-') return line
  }
}

/** Greets, turns TLS on, and logs in by PLAIN. */
export async function loggedIn(wire: Wire, login: string): Promise<Wire> {
  await ask(wire, 'EHLO client.example')
  await ask(wire, 'STARTTLS')
  const secure = await wire.secure()
  await ask(secure, 'EHLO client.example')
  const proof = Buffer.from(`\0${login}\0${password}`).toString('base64')
  const answer = await ask(secure, `AUTH PLAIN ${proof}`)
  if (!answer.startsWith('235')) throw new Error(answer)
  return secure
}

/** Sends one message to those recipients that are taken; the replies to MAIL, each RCPT, and the message. */
export async function transact(
  wire: Wire,
  mail: string,
  recipients: readonly string[],
  header = 'Subject: x',
): Promise<readonly string[]> {
  const replies = [await ask(wire, `MAIL FROM:${mail}`)]
  for (const each of recipients) replies.push(await ask(wire, `RCPT TO:${each}`))
  const data = await ask(wire, 'DATA')
  replies.push(data.startsWith('354') ? await ask(wire, `${header}\r\n\r\ntext\r\n.`) : data)
  if (!replies.at(-1)?.startsWith('250')) await ask(wire, 'RSET')
  return replies.map((reply) => reply.slice(0, 9).trimEnd())
}
