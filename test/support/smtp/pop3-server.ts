import {
  type AccountStore,
  accounts,
  bufferContent,
  type Clock,
  definePlugin,
  type LoginAttempt,
  noOptions,
  type PluginInstance,
  parseAddress,
  type Reply,
  store,
} from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import pop3, { type Pop3Input } from 'mailwright/plugins/pop3'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { countEnds } from '../count-ends.ts'

export const login = 'tim@example.org'
export const password = 'correct horse battery'

/** A whole system with two POP3 listeners, one of them with TLS from the first octet. */
export interface Pop3Server {
  readonly port: number
  readonly tlsPort: number
  /** The account's mailboxes. */
  readonly mailboxes: AccountStore
  /** A folder for what a test writes. */
  readonly folder: string
  /** What the checks of a plugin answer; change it at any time. */
  readonly checks: Checks
  /** Puts messages into the INBOX. */
  deliver(...messages: readonly (string | Buffer)[]): Promise<void>
  /** UIDs in the INBOX. */
  uids(): Promise<readonly number[]>
  /** Whether a session has the maildrop. */
  locked(): Promise<boolean>
  /** Waits until so many sessions are over; answers why each ended. */
  closed(sessions: number): Promise<readonly (string | undefined)[]>
  stop(): Promise<void>
}

export interface Checks {
  client?: Reply
  login?: (attempt: LoginAttempt) => Reply | undefined
  access?: Reply
}

export interface Pop3ServerOptions {
  readonly options?: Pop3Input
  /** Where the mail is kept: in memory where absent. */
  readonly storage?: PluginInstance
  readonly clock?: Clock
  /** Further plugins. */
  readonly plugins?: readonly PluginInstance[]
}

export async function startPop3Server(options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  const checks: Checks = {}
  const ends = countEnds()
  const host = await createTestHost({
    sockets: true,
    drainTimeout: '30s',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    plugins: [
      memoryAccounts({ accounts: [{ address: login, password }] }),
      options.storage ?? memoryStore({}),
      certificates(),
      watcher(checks, ends.count),
      ...(options.plugins ?? []),
      pop3({ port: 0, ...options.options }),
      pop3({ port: 0, implicitTls: true, ...options.options }, { as: 'pop3s' }),
    ],
  })
  const mailboxes = await mailboxesOf(host)
  return {
    port: host.listeners.find(({ plugin }) => plugin === 'pop3')?.port ?? 0,
    tlsPort: host.listeners.find(({ plugin }) => plugin === 'pop3s')?.port ?? 0,
    mailboxes,
    folder: host.dataDir,
    checks,
    deliver: (...messages) => deliver(mailboxes, messages),
    uids: () => uidsOf(mailboxes),
    locked: () => isLocked(mailboxes),
    async closed(sessions) {
      await ends.reached(sessions)
      const entries = await host.history()
      return entries.filter(({ verb }) => verb === 'closed').map(({ text }) => text)
    },
    stop: () => host.stop(),
  }
}

function watcher(checks: Checks, ended: () => void): PluginInstance {
  const plugin = definePlugin({
    name: 'watcher',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.connection.checkClient.tap('client', async () => checks.client)
      hooks.connection.checkLogin.tap('login', async (_, attempt) => checks.login?.(attempt))
      hooks.retrieval.checkAccess.tap('access', async () => checks.access)
      hooks.connection.closed.tap('ended', async () => ended())
    },
  })
  return plugin()
}

async function mailboxesOf(host: TestHost): Promise<AccountStore> {
  const address = parseAddress(login)
  const found = address && (await host.service(accounts).resolve(address))
  if (found?.kind !== 'account') throw new Error('the account is not there')
  return await host.service(store).open(found.account)
}

async function deliver(mailboxes: AccountStore, messages: readonly (string | Buffer)[]): Promise<void> {
  for (const message of messages) {
    const staged = await mailboxes.stage('INBOX', bufferContent(Buffer.from(message)))
    await staged.commit()
  }
}

async function uidsOf(mailboxes: AccountStore): Promise<readonly number[]> {
  const inbox = await mailboxes.openMailbox('INBOX')
  const uids = inbox.entries.map(({ uid }) => uid)
  await inbox.close()
  return uids
}

async function isLocked(mailboxes: AccountStore): Promise<boolean> {
  try {
    const lease = await mailboxes.lockMaildrop()
    await lease.release()
    return false
  } catch {
    return true
  }
}
