// What is asked for and never comes back, after its client has left.
import {
  type AccountStore,
  definePlugin,
  imapExtensions,
  noOptions,
  type PluginInstance,
  type Store,
  store,
} from 'mailwright'
import { createMemoryStore } from 'mailwright/plugins/memory'
import { recordedRetrieval } from 'mailwright/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { brokenStore } from '../support/broken-store.ts'
import { type ImapServer, login, password, startImapServer } from '../support/imap-server.ts'
import { password as pop3Password, startPop3Server } from '../support/pop3-server.ts'
import { wireTo } from '../support/wire.ts'

const patient = { timeout: 60_000, interval: 100 }
const forever = () => new Promise<never>(() => undefined)

const releases: (() => Promise<void>)[] = []
let server: ImapServer

afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release()
})

/** Commands of IMAP that come back when the test says so, or never. */
function commands(gate: Promise<void>, seen: string[]): PluginInstance {
  const plugin = definePlugin({
    name: 'commands',
    requires: [imapExtensions],
    parseOptions: noOptions,
    setup: (context) => {
      const states = ['authenticated', 'selected'] as const
      context.use(imapExtensions).add({
        name: 'commands',
        commands: {
          XHANG: { states, run: forever },
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
      return undefined
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

async function imap(gate: Promise<void> = Promise.resolve(), seen: string[] = []): Promise<void> {
  server = await startImapServer({
    options: { maxConnectionsPerUser: 1 },
    plugins: [commands(gate, seen)],
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
  expect(stuck()).toMatchObject([{ level: 'warn', command: 'XHANG' }])
  await server.host.stop()
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
  await server.host.stop()
})

test('POP3: a store that does not answer keeps no session of a client that has left', async () => {
  let hung: (() => void) | undefined
  const begun = new Promise<void>((resolve) => {
    hung = resolve
  })
  const locking = (inner: AccountStore) => {
    if (hung === undefined) return inner.lockMaildrop()
    hung()
    hung = undefined
    return forever()
  }
  const kept = createMemoryStore(recordedRetrieval())
  const pop3 = await startPop3Server({
    options: { maxConnectionsPerUser: 1, allowPlaintextLogin: true },
    storage: storage(brokenStore(kept, { account: (inner) => ({ lockMaildrop: () => locking(inner) }) })),
  })
  releases.push(() => pop3.stop())
  const logIn = async () => {
    const wire = wireTo(pop3.port)
    await wire.line()
    await wire.ask(`USER ${login}`)
    return wire.send(`PASS ${pop3Password}\r\n`)
  }
  const loginAgain = async () => {
    const wire = await logIn()
    const answer = await wire.line()
    wire.socket.resetAndDestroy()
    return answer
  }
  const first = await logIn()
  await begun
  expect(await loginAgain()).toMatch(/^-ERR \[SYS\/TEMP\]/)
  first.socket.resetAndDestroy()
  await vi.waitFor(async () => expect(await loginAgain()).toMatch(/^\+OK/), patient)
})
