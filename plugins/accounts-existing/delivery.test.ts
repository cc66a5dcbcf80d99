import { Readable } from 'node:stream'
import { accounts, definePlugin, noOptions, type PluginInstance, store } from 'mailwright'
import accountsExisting from 'mailwright/plugins/accounts-existing'
import database from 'mailwright/plugins/database'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryQueue, memoryStore } from 'mailwright/plugins/memory'
import { addressOf, createTestHost, expectCode, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { createSite, type Site } from '../../test/support/existing-site.ts'
import { parseOptions } from './options.ts'
import { passwordCommand } from './password-command.ts'
import { TableSchema } from './table-schema.ts'

let underTest: DatabaseUnderTest
let site: Site
let host: TestHost
let sentAway: string[]

/** Takes what is for other hosts. */
const elsewhere: () => PluginInstance = definePlugin({
  name: 'elsewhere',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.delivery.route.tap('remote', async ({ address }) =>
      address.domain === 'elsewhere.example' ? { kind: 'remote', address } : undefined,
    )
    hooks.delivery.deliver.tap('remote', async ({ kind, items }) => {
      if (kind !== 'remote') return undefined
      return items.map(({ route }) => {
        if ('address' in route) sentAway.push(`${route.address.localPart}@${route.address.domain}`)
        return { kind: 'delivered', text: 'away' }
      })
    })
    return undefined
  },
})

beforeEach(async () => {
  sentAway = []
  underTest = await databaseUnderTest()
  site = await createSite(underTest.options, 'postfixadmin')
  await site.insert('domain', [{ domain: 'example.org' }])
  for (const name of ['jo', 'anna', 'off']) {
    const username = `${name}@example.org`
    await site.insert('mailbox', [{ username, domain: 'example.org', active: name === 'off' ? 0 : 1 }])
  }
  await site.insert('alias', [
    { address: 'jo@example.org', goto: 'jo@example.org,anna@example.org,x@elsewhere.example', domain: '' },
    { address: 'anna@example.org', goto: 'anna@example.org', domain: '' },
    { address: 'team@example.org', goto: 'jo@example.org', domain: '' },
  ])
  host = await createTestHost({
    plugins: [
      database(underTest.options),
      accountsExisting({ preset: 'postfixadmin', passwords: { writeBack: true } }),
      memoryStore(),
      memoryQueue(),
      localDelivery(),
      elsewhere(),
    ],
  })
})

afterEach(async () => {
  await host.stop()
  await site[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const send = async (to: string): Promise<number | undefined> => {
  const answers = await host.send({ from: 'a@client.example', to, data: 'Subject: x\n\nHello.\n' })
  return answers[0]?.reply.code
}

async function inboxOf(address: string): Promise<number> {
  const found = await host.service(accounts).resolve(addressOf(address))
  if (found.kind !== 'account') throw new Error(found.kind)
  return (await (await host.service(store).open(found.account)).openMailbox('INBOX')).entries.length
}

describe(`mail for a site's own tables on ${databaseKind}`, () => {
  it('goes into the mailbox and to everybody whom its alias names beside it, once', async () => {
    expect(await send('jo@example.org')).toBe(250)
    expect([await inboxOf('jo@example.org'), await inboxOf('anna@example.org')]).toEqual([1, 1])
    expect(sentAway).toEqual(['x@elsewhere.example'])
    expect(await send('team@example.org')).toBe(250)
    expect([await inboxOf('jo@example.org'), await inboxOf('anna@example.org')]).toEqual([2, 2])
    expect(sentAway).toEqual(['x@elsewhere.example', 'x@elsewhere.example'])
  })

  it('is refused for nobody, for mailboxes that are switched off, and for other hosts', async () => {
    expect(await send('nobody@example.org')).toBe(550)
    expect(await send('off@example.org')).toBe(550)
    expect(await send('jo@client.example')).toBe(550)
    expect(sentAway).toEqual([])
  })

  it('waits where the database is away', async () => {
    const giveBack = underTest.takeAway()
    expect(await send('jo@example.org')).toBe(451)
    giveBack()
  })
})

describe(`mailwright existing passwd on ${databaseKind}`, () => {
  const run = (address: string, input: string) => {
    const { tables } = parseOptions({ preset: 'postfixadmin' })
    if (tables === undefined) throw new Error('no tables')
    const schema = new TableSchema(tables, undefined)
    const context = { database: site.database, schema, passwords: { cramMd5: false } }
    const command = passwordCommand(context, Readable.from([Buffer.from(input)]))
    return command.run({ arguments: [address], options: {} })
  }

  it('is a command of the host', () => {
    expect(host.host.commands.map(({ name }) => name)).toContain('existing passwd')
  })

  it('sets the password that is the first line', async () => {
    expect(await run('JO@example.org', 'new secret\nmore')).toEqual({
      json: { address: 'jo@example.org' },
      text: 'jo@example.org has a new password',
    })
    const { verify } = host.service(accounts)
    const login = (secret: string) => verify.call(host.service(accounts), 'jo@example.org', secret, 'imap')
    expect(await login('new secret')).toMatchObject({ ok: true })
    expect(await login('new secret\nmore')).toMatchObject({ ok: false })
    await run('jo@example.org', 'next')
    expect(await login('next')).toMatchObject({ ok: true })
    expect(await login('new secret')).toMatchObject({ ok: false })
    expect(await host.service(accounts).verify('anna@example.org', 'next', 'imap')).toMatchObject({
      ok: false,
    })
  })

  it('refuses what is no address, no account, or no password', async () => {
    await expectCode(run('jo', 'x'), 'MAIL_E_INVALID')
    await expectCode(run('team@example.org', 'x'), 'MAIL_E_NOT_FOUND')
    await expectCode(run('jo@example.org', '\n'), 'MAIL_E_INVALID')
  })
})
