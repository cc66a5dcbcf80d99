import { type AccountStore, accounts, definePlugin, MailwrightError, noOptions, store } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import { createSharedMemoryStore, memoryAccounts } from 'mailwright/plugins/memory'
import { createTestHost, overlay } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { ImapTestClient } from '../../../test/support/imap-session.ts'

/** What the store cannot do at the moment; a test changes it at any time. */
interface Troubles {
  watch?: boolean
  refresh?: boolean
  close?: boolean
}

function troubled(troubles: Troubles) {
  const fail = (what: keyof Troubles): void => {
    if (troubles[what]) throw new MailwrightError('MAIL_E_UNAVAILABLE', `no ${what}`)
  }
  const account = (inner: AccountStore): Partial<AccountStore> => ({
    async watch(names, listener) {
      fail('watch')
      return await inner.watch(names, listener)
    },
    async openMailbox(name) {
      const opened = await inner.openMailbox(name)
      return overlay(opened, {
        async refresh() {
          fail('refresh')
          return await opened.refresh()
        },
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

async function start(troubles: Troubles) {
  const host = await createTestHost({
    plugins: [
      memoryAccounts({ accounts: [{ address: 'ann@example.org', password: 'x' }] }),
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
  await other.ok(`APPEND INBOX {${message.length}+}\r\n${message}`)
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
