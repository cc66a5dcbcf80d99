import {
  type AccountStore,
  accounts,
  bufferContent,
  type Clock,
  definePlugin,
  noOptions,
  type PluginInstance,
  parseAddress,
  store,
} from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import imap, { type ImapInput } from 'mailwright/plugins/imap'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { tlsWireTo, type Wire, wireTo } from '../wire.ts'

export const login = 'tim@example.org'
export const password = 'correct horse'
/** Another account, with the same password. */
export const otherLogin = 'una@example.org'

/** A whole system with two IMAP listeners, one of them with TLS from the first octet, on real sockets. */
export interface ImapServer extends AsyncDisposable {
  readonly host: TestHost
  readonly port: number
  readonly tlsPort: number
  /** The first account's mailboxes. */
  readonly mail: AccountStore
  /** Puts messages into the INBOX. */
  deliver(...messages: readonly (string | Buffer)[]): Promise<void>
  /** Waits until so many sessions are over; answers why each ended. */
  closed(sessions: number): Promise<readonly (string | undefined)[]>
  /** Connects in clear and reads the greeting. */
  greeted(): Promise<Wire>
  /** Connects in clear and logs in. */
  loggedIn(name?: string): Promise<Wire>
  /** Connects with TLS from the first octet, and reads the greeting. */
  secured(): Promise<Wire>
}

export interface ImapServerOptions {
  readonly options?: ImapInput
  /** Where the mail is kept: in memory where absent. */
  readonly storage?: PluginInstance
  readonly clock?: Clock
  /** Further plugins. */
  readonly plugins?: readonly PluginInstance[]
  /** Milliseconds that sessions may take to end when the server stops. */
  readonly drainTimeout?: string
}

export async function startImapServer({
  options,
  storage,
  clock,
  plugins = [],
  drainTimeout = '30s',
}: ImapServerOptions = {}): Promise<ImapServer> {
  const ends = new Ends()
  const host = await createTestHost({
    sockets: true,
    drainTimeout,
    ...(clock === undefined ? {} : { clock }),
    plugins: [
      memoryAccounts({ accounts: [login, otherLogin].map((address) => ({ address, password })) }),
      storage ?? memoryStore({}),
      certificates(),
      endsWatcher(ends),
      ...plugins,
      imap({ port: 0, allowPlaintextLogin: true, ...options }),
      imap({ port: 0, implicitTls: true, ...options }, { as: 'imaps' }),
    ],
  })
  const portOf = (name: string): number => host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
  const mail = await mailOf(host)
  const greeted = (): Promise<Wire> => greet(wireTo(portOf('imap')))
  return {
    host,
    port: portOf('imap'),
    tlsPort: portOf('imaps'),
    mail,
    async deliver(...messages) {
      const contents = messages.map((message) => ({ content: bufferContent(Buffer.from(message)) }))
      await mail.append('INBOX', contents)
    },
    async closed(sessions) {
      await ends.reached(sessions)
      return (await host.history()).filter(({ verb }) => verb === 'closed').map(({ text }) => text)
    },
    greeted,
    async loggedIn(name = login) {
      const wire = await greeted()
      const answer = await wire.ask(`in LOGIN ${name} "${password}"`)
      if (!answer.startsWith('in OK')) throw new Error(answer)
      return wire
    },
    secured: async () => greet(await tlsWireTo(portOf('imaps'))),
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

async function greet(wire: Wire): Promise<Wire> {
  const greeting = await wire.line()
  if (!greeting.startsWith('* OK [CAPABILITY IMAP4rev2')) throw new Error(greeting)
  return wire
}

/** Counts sessions that are over. */
class Ends {
  #ended = 0
  #wake: () => void = () => undefined

  count(): void {
    this.#ended += 1
    this.#wake()
  }

  async reached(sessions: number): Promise<void> {
    while (this.#ended < sessions) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

function endsWatcher(ends: Ends): PluginInstance {
  const plugin = definePlugin({
    name: 'ends-watcher',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.connection.closed.tap('ended', async () => ends.count())
    },
  })
  return plugin()
}

async function mailOf(host: TestHost): Promise<AccountStore> {
  const address = parseAddress(login)
  const found = address && (await host.service(accounts).resolve(address))
  if (found?.kind !== 'account') throw new Error('the account is not there')
  return await host.service(store).open(found.account)
}
