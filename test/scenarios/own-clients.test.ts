import { formatReply, type PluginInstance } from 'mailwright'
import clientChecks from 'mailwright/plugins/client-checks'
import databasePlugin from 'mailwright/plugins/database'
import dnsLists from 'mailwright/plugins/dns-lists'
import greylisting from 'mailwright/plugins/greylisting'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import popBeforeSmtp from 'mailwright/plugins/pop-before-smtp'
import relay from 'mailwright/plugins/relay'
import smtpOut from 'mailwright/plugins/smtp-out'
import { createTestHost, fakeResolver, type TestHost, type TestMail } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../support/database-under-test.ts'

// Checks of strangers leave those alone who may send through us, as `permit_mynetworks` before them does in Postfix.

const mail: TestMail = { from: 'a@sender.example', to: 'me@example.org', data: 'Subject: x\n\nx\n' }

let base: DatabaseUnderTest
const hosts: TestHost[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
})

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop()
  await base[Symbol.asyncDispose]()
})

/** A server on which each of the checks refuses every stranger. */
async function start(...plugins: readonly PluginInstance[]): Promise<TestHost> {
  const host = await createTestHost({
    plugins: [
      memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
      databasePlugin(base.options),
      localDelivery({ postmaster: 'me@example.org' }),
      popBeforeSmtp({ requireTls: false }),
      relay({ networks: ['192.0.2.128/25'] }),
      smtpOut(),
      ...plugins,
    ],
    resolver: fakeResolver({
      '10.2.0.192.bl.example': { a: ['127.0.0.2'] },
      '200.2.0.192.bl.example': { a: ['127.0.0.2'] },
    }),
  })
  hosts.push(host)
  return host
}

async function send(host: TestHost, sent: Partial<TestMail> = {}): Promise<string> {
  const [answer] = await host.send({ ...mail, ...sent })
  return answer === undefined ? 'no answer' : formatReply(answer.reply)
}

const remote = (address: string) => ({ remote: { address, port: 40_000 } })
const ours = remote('192.0.2.200')

const lists = [{ zone: 'bl.example' }]
type Make = (ownClients?: boolean) => PluginInstance

describe.each<[string, Make]>([
  ['greylisting', (ownClients = false) => greylisting({ ownClients })],
  ['dns-lists', (ownClients = false) => dnsLists({ lists, ownClients })],
  [
    'dns-lists before the greeting',
    (ownClients = false) => dnsLists({ lists, refuseAt: 'client', ownClients }),
  ],
  ['client-checks', (ownClients = false) => clientChecks({ unknownSenderDomain: 'refuse', ownClients })],
])('%s', (_, make) => {
  test('refuses strangers', async () => {
    expect(await send(await start(make()))).toMatch(/^[45]/)
  })

  test('leaves a network of relay’s alone, and says why in the history', async () => {
    const host = await start(make())
    expect(await send(host, ours)).toMatch(/^250/)
    expect(await host.history({ text: 'our networks' })).toMatchObject([
      { verb: 'verdict', by: 'relay/ground', hook: 'connection.claimClient' },
    ])
  })

  test('leaves whoever has just read mail from that address alone', async () => {
    const host = await start(make())
    const session = host.flow.openSession({
      role: 'pop3',
      local: { address: '192.0.2.1', port: 110 },
      ...remote('192.0.2.10'),
    })
    expect((await session.login({ mechanism: 'USER', login: 'me@example.org' }, 'secret')).ok).toBe(true)
    session.close()
    expect(await send(host)).toMatch(/^250/)
  })

  test('is for them too, where it is told to be', async () => {
    expect(await send(await start(make(true)), ours)).toMatch(/^[45]/)
  })
})
