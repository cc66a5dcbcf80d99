import { type AccountStore, accounts, definePlugin, MailwrightError, noOptions, store } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import { createSharedMemoryStore, memoryAccounts } from 'mailwright/plugins/memory'
import { createTestHost, fakeClock, overlay } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import { ImapTestClient } from '../../../test/support/imap/imap-session.ts'

/** What the store cannot do at the moment; a test changes it at any time. */
interface Troubles {
  watch?: boolean
  refresh?: boolean
  /** The trouble that begins once a message is stored. */
  onceStored?: 'refresh' | 'myRights'
  myRights?: boolean
  close?: boolean
}

function troubled(troubles: Troubles) {
  const fail = (what: keyof Troubles): void => {
    if (troubles[what]) throw new MailwrightError('MAIL_E_UNAVAILABLE', `no ${what}`)
  }
  const stored = <T>(result: T): T => {
    if (troubles.onceStored !== undefined) troubles[troubles.onceStored] = true
    return result
  }
  const account = (inner: AccountStore): Partial<AccountStore> => ({
    async watch(names, listener) {
      fail('watch')
      return await inner.watch(names, listener)
    },
    async myRights(name) {
      fail('myRights')
      return await inner.myRights(name)
    },
    append: async (...args) => stored(await inner.append(...args)),
    async openMailbox(name) {
      const opened = await inner.openMailbox(name)
      return overlay(opened, {
        async refresh() {
          fail('refresh')
          return await opened.refresh()
        },
        copy: async (...args) => stored(await opened.copy(...args)),
        move: async (...args) => stored(await opened.move(...args)),
        replace: async (...args) => stored(await opened.replace?.(...args)),
        async close() {
          await opened.close()
          fail('close')
        },
      })
    },
  })
  const plugin = definePlugin({
    name: 'troubled-store',
    provides: [store],
    requires: [accounts],
    parseOptions: noOptions,
    setup({ provide, use, flow, clock }) {
      const inner = createSharedMemoryStore(flow.retrieval, use(accounts), clock)
      const open = async (whose: Parameters<typeof inner.open>[0]) => {
        const opened = await inner.open(whose)
        return overlay(opened, account(opened))
      }
      provide(store, overlay(inner, { open }))
      return undefined
    },
  })
  return plugin()
}

async function start(troubles: Troubles, clock?: ReturnType<typeof fakeClock>) {
  const accounts = ['ann', 'bob'].map((name) => ({ address: `${name}@example.org`, password: 'x' }))
  const host = await createTestHost({
    ...(clock && { clock }),
    plugins: [
      memoryAccounts({ accounts }),
      troubled(troubles),
      imap({ allowPlaintextLogin: true, maxConnectionsPerUser: 2 }),
    ],
  })
  return {
    log: host.log,
    async connect() {
      const client = new ImapTestClient(await host.connect('imap'))
      await client.response()
      return client
    },
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

const message = 'Subject: x\r\n\r\n'
const literal = `{${message.length}+}\r\n${message}`

test('what was done is answered OK though the store cannot be asked for news; NOOP asks for nothing else', async () => {
  const troubles: Troubles = {}
  await using system = await start(troubles)
  const client = await system.connect()
  await client.ok('LOGIN ann@example.org x')
  await client.ok('CREATE Other')
  await client.ok('SELECT INBOX')
  troubles.refresh = true
  expect((await client.command('CREATE Third')).tagged).toMatch(/^OK/)
  expect(system.log.lines.map(({ event }) => event)).toContain('unavailable')
  expect((await client.command('NOOP')).tagged).toMatch(/^NO \[UNAVAILABLE\]/)
  troubles.refresh = false
  expect(await client.ok('NOOP')).toEqual([])
})

test('a mailbox that could not be watched once is watched later', async () => {
  const troubles: Troubles = { watch: true }
  await using system = await start(troubles)
  const [client, other] = [await system.connect(), await system.connect()]
  for (const each of [client, other]) await each.ok('LOGIN ann@example.org x')
  await client.ok('SELECT INBOX')
  expect((await client.command('NOOP')).tagged).toMatch(/^NO/)
  troubles.watch = false
  expect(await client.ok('NOOP')).toEqual([])
  client.dialogue.send('i IDLE')
  expect(await client.response()).toMatch(/^\+/)
  await other.ok(`APPEND INBOX ${literal}`)
  expect(await client.response()).toBe('* 1 EXISTS')
})

test('a session whose mailbox cannot be closed does not count any more all the same', async () => {
  const troubles: Troubles = { close: true }
  await using system = await start(troubles)
  for (let count = 0; count < 4; count += 1) {
    const client = await system.connect()
    expect((await client.command('LOGIN ann@example.org x')).tagged).toMatch(/^OK/)
    await client.ok('SELECT INBOX')
    await client.dialogue.end()
  }
  expect(system.log.lines.filter(({ event }) => event === 'unavailable')).toHaveLength(4)
})

test.each([
  'APPEND INBOX',
  'COPY 1 INBOX',
  'MOVE 1 INBOX',
  'MOVE 1 Other',
  'REPLACE 1 INBOX',
  'UID REPLACE 1 Other',
])('%s that is done is answered OK though what came of it cannot be shown', async (command) => {
  const troubles: Troubles = {}
  await using system = await start(troubles)
  const client = await system.connect()
  for (const each of ['LOGIN ann@example.org x', 'CREATE Other', `APPEND INBOX ${literal}`, 'ENABLE QRESYNC'])
    await client.ok(each)
  await client.ok('SELECT INBOX')
  troubles.onceStored = 'refresh'
  const { tagged } = await client.command(/APPEND|REPLACE/.test(command) ? `${command} ${literal}` : command)
  expect(tagged).toMatch(/^OK/)
  expect(tagged).not.toContain('HIGHESTMODSEQ')
  expect(system.log.lines.map(({ event }) => event)).toContain('unavailable')
})

test('UIDs are left out where the rights cannot be asked for once a message is stored', async () => {
  const troubles: Troubles = {}
  await using system = await start(troubles)
  const [ann, bob] = [await system.connect(), await system.connect()]
  await ann.ok('LOGIN ann@example.org x')
  await ann.ok('CREATE Work')
  await ann.ok('SETACL Work bob@example.org lri')
  await bob.ok('LOGIN bob@example.org x')
  troubles.onceStored = 'myRights'
  expect((await bob.command(`APPEND "Other Users/ann@example.org/Work" ${literal}`)).tagged).toBe(
    'OK Appended',
  )
})

test('who may only store into the mailbox by now hears that it is stored', async () => {
  await using system = await start({})
  const [ann, bob] = [await system.connect(), await system.connect()]
  await ann.ok('LOGIN ann@example.org x')
  await ann.ok('CREATE Work')
  await ann.ok('SETACL Work bob@example.org lri')
  await bob.ok('LOGIN bob@example.org x')
  await bob.ok('SELECT "Other Users/ann@example.org/Work"')
  await ann.ok('SETACL Work bob@example.org i')
  expect(await bob.command(`APPEND "Other Users/ann@example.org/Work" ${literal}`)).toEqual({
    untagged: ['BYE the selected mailbox is gone'],
    tagged: 'OK Appended',
  })
  expect(await ann.ok('STATUS Work (MESSAGES)')).toEqual(['STATUS Work (MESSAGES 1)'])
})

test('IDLE looks again where a look has failed, though nothing else happens', async () => {
  const troubles: Troubles = {}
  const clock = fakeClock()
  await using system = await start(troubles, clock)
  const [client, other] = [await system.connect(), await system.connect()]
  for (const each of [client, other]) await each.ok('LOGIN ann@example.org x')
  await client.ok('SELECT INBOX')
  await client.ok('NOOP')
  client.dialogue.send('i IDLE')
  expect(await client.response()).toBe('+ idling')
  troubles.refresh = true
  await other.ok(`APPEND INBOX ${literal}`)
  const failures = () => system.log.lines.filter(({ event }) => event === 'unavailable').length
  await vi.waitFor(() => expect(failures()).toBe(1))
  clock.advance(1_000)
  await vi.waitFor(() => expect(failures()).toBe(2))
  troubles.refresh = false
  clock.advance(2_000)
  expect(await client.response()).toBe('* 1 EXISTS')
})

test('CLOSE leaves the mailbox, and says so where messages could not be removed (RFC 9051 §6.4.1)', async () => {
  const troubles: Troubles = {}
  await using system = await start(troubles)
  const client = await system.connect()
  await client.ok('LOGIN ann@example.org x')
  await client.ok(`APPEND INBOX (\\Deleted) ${literal}`)
  await client.ok('SELECT INBOX')
  troubles.refresh = true
  expect(await client.command('CLOSE')).toEqual({
    untagged: ['NO [UNAVAILABLE] Not possible now, try again later'],
    tagged: 'OK Closed',
  })
  expect((await client.command('FETCH 1 UID')).tagged).toMatch(/^BAD /)
  expect(await client.ok('STATUS INBOX (MESSAGES)')).toEqual(['STATUS INBOX (MESSAGES 1)'])
})
