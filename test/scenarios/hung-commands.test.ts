// What is asked for and never comes back, after its client has left.
import {
  type AccountStore,
  type Accounts,
  accounts,
  definePlugin,
  imapExtensions,
  type Lifecycle,
  noOptions,
  overlay,
  type PluginInstance,
  type Store,
  store,
} from 'mailwright'
import { createMemoryAccounts, createMemoryStore, memoryStore } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import { createTestHost, recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { brokenStore } from '../support/faults/broken-store.ts'
import { type ImapServer, login, password, startImapServer } from '../support/imap/imap-server.ts'
import { password as pop3Password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const patient = { timeout: 60_000, interval: 100 }

const releases: (() => Promise<void>)[] = []
let server: ImapServer
/** What hangs, until the test is over. */
let hung: PromiseWithResolvers<never>

beforeEach(() => {
  hung = Promise.withResolvers<never>()
  // Also where nothing hangs.
  hung.promise.catch(() => undefined)
})

afterEach(async () => {
  hung.reject(new Error('hung'))
  for (const release of releases.splice(0).toReversed()) await release()
})

/** Commands of IMAP that come back when the test says so, or never. */
function commands(gate: Promise<void>, seen: string[], lifecycle: Lifecycle): PluginInstance {
  const plugin = definePlugin({
    name: 'commands',
    requires: [imapExtensions],
    parseOptions: noOptions,
    setup: (context) => {
      const states = ['authenticated', 'selected'] as const
      context.use(imapExtensions).add({
        name: 'commands',
        commands: {
          XHANG: { states, run: () => hung.promise },
          XSLOW: {
            states,
            async run({ session }) {
              await gate
              await session.selected?.update({ expunges: true, look: true })
              const [{ uid = 0 } = {}] = session.selected?.mailbox.entries ?? []
              await session.selected?.mailbox.copy([uid], 'Copies')
              seen.push('copied')
              return { status: 'OK', text: 'Copied' }
            },
          },
        },
      })
      return lifecycle
    },
  })
  return plugin()
}

function storage(kept: Store): PluginInstance {
  const plugin = definePlugin({
    name: 'storage',
    provides: [store],
    parseOptions: noOptions,
    setup: ({ provide }) => {
      provide(store, kept)
      return undefined
    },
  })
  return plugin()
}

async function imap(
  gate: Promise<void> = Promise.resolve(),
  seen: string[] = [],
  lifecycle: Lifecycle = {},
): Promise<void> {
  server = await startImapServer({
    options: { maxConnectionsPerUser: 1 },
    plugins: [commands(gate, seen, lifecycle)],
    drainTimeout: '1s',
  })
  releases.push(async () => server[Symbol.asyncDispose]())
}

const stuck = () => server.host.log.lines.filter(({ event }) => event === 'stuck')

async function imapLogin(): Promise<string> {
  const wire = await server.greeted()
  const answer = await wire.ask(`in LOGIN ${login} "${password}"`)
  wire.socket.destroy()
  return answer
}

test.each(['closes', 'is cut off'])('IMAP: a client that %s does not count any more', async (way) => {
  await imap()
  const wire = await server.loggedIn()
  wire.send('k XHANG\r\n')
  expect(await imapLogin()).toMatch(/^in NO \[LIMIT\]/)
  if (way === 'closes') wire.socket.destroy()
  else wire.socket.resetAndDestroy()
  await vi.waitFor(async () => expect(await imapLogin()).toMatch(/^in OK/), patient)
  expect(stuck()).toMatchObject([{ level: 'debug', command: 'XHANG' }])
})

test('IMAP: a command that is slow is done all the same, with its mailbox open', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  await imap(gate.promise, seen)
  await server.deliver('Subject: x\r\n\r\n')
  await server.mail.createMailbox('Copies')
  const wire = await server.loggedIn()
  await wire.send('a SELECT INBOX\r\n').until('a OK')
  wire.send('k XSLOW\r\n')
  wire.socket.resetAndDestroy()
  await vi.waitFor(() => expect(stuck()).toHaveLength(1), patient)
  gate.resolve()
  await vi.waitFor(() => expect(seen).toEqual(['copied']), patient)
  expect(await server.mail.status('Copies')).toMatchObject({ messages: 1 })
})

test('IMAP: a stop waits for what goes on although its client has left', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  await imap(gate.promise, seen, {
    // When the drainTimeout is over, and a stop that gave up now would have come to the next step.
    drain: async (over) => over.addEventListener('abort', () => setImmediate(gate.resolve)),
    stop: async () => void seen.push('stopped'),
  })
  await server.deliver('Subject: x\r\n\r\n')
  await server.mail.createMailbox('Copies')
  const wire = await server.loggedIn()
  await wire.send('a SELECT INBOX\r\n').until('a OK')
  wire.send('k XSLOW\r\n')
  wire.socket.resetAndDestroy()
  await vi.waitFor(() => expect(stuck()).toHaveLength(1), patient)
  await server.host.stop()
  expect(seen).toEqual(['copied', 'stopped'])
})

test('POP3: a store that does not answer keeps no session of a client that has left', async () => {
  let heard: (() => void) | undefined
  const begun = new Promise<void>((resolve) => {
    heard = resolve
  })
  const locking = (inner: AccountStore) => {
    if (heard === undefined) return inner.lockMaildrop()
    heard()
    heard = undefined
    return hung.promise
  }
  const kept = createMemoryStore(recordedRetrieval())
  const server = await startPop3Server({
    options: { maxConnectionsPerUser: 1, allowPlaintextLogin: true },
    storage: storage(brokenStore(kept, { account: (inner) => ({ lockMaildrop: () => locking(inner) }) })),
  })
  releases.push(() => server.stop())
  const first = await pop3Login(server)
  await begun
  expect(await pop3LoginAgain(server)).toMatch(/^-ERR \[SYS\/TEMP\]/)
  first.socket.resetAndDestroy()
  await vi.waitFor(async () => expect(await pop3LoginAgain(server)).toMatch(/^\+OK/), patient)
})

async function pop3Login({ port }: { readonly port: number }): Promise<Wire> {
  const wire = wireTo(port)
  await wire.line()
  await wire.ask(`USER ${login}`)
  return wire.send(`PASS ${pop3Password}\r\n`)
}

async function pop3LoginAgain(at: { readonly port: number }): Promise<string> {
  const wire = await pop3Login(at)
  const answer = await wire.line()
  wire.socket.resetAndDestroy()
  return answer
}

test('POP3: a login that comes back after its client has left does not count', async () => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const known = createMemoryAccounts({ accounts: [{ address: login, password: pop3Password }] })
  const slow = overlay(known, {
    async verify(...asked: Parameters<Accounts['verify']>) {
      begun.resolve()
      await gate.promise
      return known.verify(...asked)
    },
  })
  const slowAccounts = definePlugin({
    name: 'slow-accounts',
    provides: [accounts],
    parseOptions: noOptions,
    setup: ({ provide }) => {
      provide(accounts, slow)
      return undefined
    },
  })
  const options = { port: 0, allowPlaintextLogin: true, maxConnectionsPerUser: 1 }
  const host = await createTestHost({
    sockets: true,
    plugins: [slowAccounts(), memoryStore({}), pop3(options)],
  })
  releases.push(() => host.stop())
  const at = { port: host.listeners[0]?.port ?? 0 }
  const first = await pop3Login(at)
  await begun.promise
  first.socket.resetAndDestroy()
  const isStuck = () => host.log.lines.some(({ event }) => event === 'stuck')
  await vi.waitFor(() => expect(isStuck()).toBe(true), patient)
  gate.resolve()
  await vi.waitFor(async () => expect(await pop3LoginAgain(at)).toMatch(/^\+OK/), {
    ...patient,
    timeout: 20_000,
  })
})
