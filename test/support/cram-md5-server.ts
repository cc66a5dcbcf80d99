import { definePlugin, noOptions, type PluginInstance } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import guard, { type GuardInput } from 'mailwright/plugins/guard'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'

export const login = 'tim@example.org'
export const password = 'tanstaaf tanstääf'

/** An account for clients whose passwords are ASCII. */
export const asciiLogin = 'ann@example.org'
export const asciiPassword = 'tanstaaf tanstaaf'

const configured = [
  { address: login, password },
  { address: asciiLogin, password: asciiPassword },
]

/** A whole system whose accounts offer CRAM-MD5 or do not, with a listener for each protocol that has logins. */
export interface CramMd5Server {
  readonly host: TestHost
  readonly port: Readonly<Record<'imap' | 'pop3' | 'smtp', number>>
  /** The mechanism of each login that was tried. */
  readonly tried: readonly string[]
}

export interface CramMd5ServerOptions {
  readonly cramMd5?: boolean
  readonly allowPlaintextLogin?: boolean
  readonly guard?: GuardInput
}

export async function startCramMd5Server({
  cramMd5 = true,
  allowPlaintextLogin = false,
  ...options
}: CramMd5ServerOptions = {}): Promise<CramMd5Server> {
  const tried: string[] = []
  const reader = { port: 0, allowPlaintextLogin }
  const host = await createTestHost({
    sockets: true,
    plugins: [
      memory({ accounts: configured, cramMd5 }),
      certificates(),
      ...(options.guard === undefined ? [] : [guard(options.guard)]),
      watcher(tried),
      localDelivery(),
      imap(reader),
      pop3(reader),
      smtp({ port: 0, allowPlaintextAuth: allowPlaintextLogin, role: 'submission' }),
    ],
  })
  const portOf = (name: string) => host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
  return { host, port: { imap: portOf('imap'), pop3: portOf('pop3'), smtp: portOf('smtp') }, tried }
}

function watcher(tried: string[]): PluginInstance {
  const plugin = definePlugin({
    name: 'watcher',
    parseOptions: noOptions,
    setup: ({ hooks }) =>
      void hooks.connection.checkLogin.tap('see', async (_, { mechanism }) => void tried.push(mechanism)),
  })
  return plugin()
}
