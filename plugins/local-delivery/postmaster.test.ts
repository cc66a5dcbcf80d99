import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, noOptions, type PluginInstance, UnavailableError } from 'mailwright'
import aliases from 'mailwright/plugins/aliases'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import relay from 'mailwright/plugins/relay'
import rewriting from 'mailwright/plugins/rewriting'
import smtp from 'mailwright/plugins/smtp'
import transports from 'mailwright/plugins/transports'
import { addressOf, createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const jo = { login: 'jo@example.org', secret: 'correct horse battery' }

function start(postmaster?: string): Promise<TestHost> {
  return createTestHost({
    hostname: 'mail.example.org',
    plugins: [
      memory({ accounts: [{ address: jo.login, password: jo.secret }] }),
      localDelivery(postmaster === undefined ? {} : { postmaster }),
      relay(),
      smtp({ port: 0 }),
    ],
  })
}

describe('this server’s own postmaster, where one is named', () => {
  const addresses = [
    'postmaster@mail.example.org',
    'Abuse@mail.example.org',
    'MAILER-DAEMON@mail.example.org',
    'postmaster@[127.0.0.1]',
    'postmaster@example.org',
  ]

  test.each(addresses)('%s reads what strangers write', async (to) => {
    await using host = await start(jo.login)
    const answers = await host.send({ from: 'a@far.example', to, data: 'Subject: x\n\nx\n' })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
  })

  test.each(addresses)('%s reads what our users write, and no other host gets it', async (to) => {
    await using host = await start(jo.login)
    const data = 'From: jo@example.org\nSubject: x\n\nx\n'
    const answers = await host.send({ from: jo.login, to, data, role: 'submission', login: jo })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
  })
})

/** A host whose plugins stand in this order, with mailboxes at lists.example.org only. */
function ordered(plugins: readonly PluginInstance[], hostname = 'mail.example.org'): Promise<TestHost> {
  const mailboxes = memory({
    accounts: ['jo', 'al'].map((name) => ({ address: `${name}@lists.example.org` })),
  })
  return createTestHost({ hostname, plugins: [mailboxes, ...plugins, smtp({ port: 0 })] })
}

async function leadsTo(host: TestHost, to: string): Promise<readonly unknown[] | number> {
  const address = to === 'postmaster' ? { localPart: to, domain: '' } : addressOf(to)
  const found = await host.flow.delivery.route({ address, original: address })
  return found.ok ? found.routes.map((route) => [route.kind, route.address]) : found.reply.code
}

const reader = localDelivery({ postmaster: 'jo@lists.example.org' })
const own = ['postmaster@mail.example.org', 'abuse@mail.example.org', 'MAILER-DAEMON@mail.example.org']

describe('where a plugin in front leads the server’s own name to another host', () => {
  const to = { to: 'smtp', host: 'localhost', port: 1 } as const
  test.each<[string, readonly PluginInstance[]]>([
    ['a transport of the domains above', [transports({ map: { '.example.org': to } }), reader]],
    ['a transport of everything', [transports({ map: { '*': to } }), reader]],
    ['a relay', [relay(), reader]],
  ])('strangers are refused: %s', async (_, plugins) => {
    await using host = await ordered(plugins)
    for (const address of own) {
      const answers = await host.send({ from: 'a@far.example', to: address, data: 'Subject: x\n\nx\n' })
      expect(answers).toMatchObject([{ reply: { code: 550 } }])
    }
  })
})

describe('where a plugin in front leads the server’s own name to mailboxes here', () => {
  test.each<[string, readonly PluginInstance[]]>([
    [
      'other domains for our own',
      [rewriting({ canonical: [{ '@mail.example.org': '@lists.example.org' }] })],
    ],
    ['a pattern of aliases', [aliases({ virtual: [{ '@mail.example.org': 'al@lists.example.org' }] })]],
  ])('strangers are taken: %s', async (_, inFront) => {
    await using host = await ordered([...inFront, reader])
    for (const address of own.slice(0, 2)) {
      const answers = await host.send({ from: 'a@far.example', to: address, data: 'Subject: x\n\nx\n' })
      expect(answers).toMatchObject([{ reply: { code: 250 } }])
    }
  })
})

test('two instances do not ask each other for ever', async () => {
  await using host = await ordered([
    reader,
    localDelivery({ postmaster: 'al@lists.example.org' }, { as: 'second' }),
  ])
  for (const address of [...own, 'postmaster@[127.0.0.1]']) {
    const answers = await host.send({ from: 'a@far.example', to: address, data: 'Subject: x\n\nx\n' })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
  }
})

test('where nobody can say where it leads, strangers are to come again', async () => {
  const away = definePlugin({
    name: 'away',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.delivery.route.tap('away', () => Promise.reject(new UnavailableError('away')))
    },
  })
  await using host = await ordered([reader, away()])
  for (const to of own) {
    const answers = await host.send({ from: 'a@far.example', to, data: 'Subject: x\n\nx\n' })
    expect(answers).toMatchObject([{ reply: { code: 451 } }])
  }
})

describe('a postmaster whose mailbox is on another host', () => {
  const plugins = [localDelivery({ postmaster: 'postmaster@example.org' }), relay()]
  test.each(['postmaster', 'postmaster@lists.example.org', 'postmaster@example.org', 'abuse@example.org'])(
    'gets what is for %s',
    async (to) => {
      await using host = await ordered(plugins, 'example.org')
      expect(await leadsTo(host, to)).toEqual([['remote', addressOf('postmaster@example.org')]])
    },
  )
})

describe('beside aliases at the server’s own name', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-postmaster-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const named = (name: string) => [['account', addressOf(`${name}@lists.example.org`)]]

  test.each(['in front', 'behind'])(
    'aliases %s have it, and what they do not have is ours',
    async (place) => {
      const file = join(folder, 'aliases')
      await writeFile(file, 'postmaster: al@lists.example.org\nmailer-daemon: postmaster\n')
      const tables = aliases({ aliases: [file] })
      await using host = await ordered([
        ...(place === 'behind' ? [reader, tables] : [tables, reader]),
        relay(),
      ])
      for (const address of own) {
        expect(await leadsTo(host, address)).toEqual(named(address.startsWith('abuse') ? 'jo' : 'al'))
        const answers = await host.send({ from: 'a@far.example', to: address, data: 'Subject: x\n\nx\n' })
        expect(answers).toMatchObject([{ reply: { code: 250 } }])
      }
    },
  )

  test('a catch-all behind has not that very address', async () => {
    const everybody = aliases({ virtual: [{ '@mail.example.org': 'al@lists.example.org' }] })
    await using host = await ordered([reader, everybody])
    expect(await leadsTo(host, 'postmaster@mail.example.org')).toEqual(named('jo'))
    expect(await leadsTo(host, 'anybody@mail.example.org')).toEqual(named('al'))
  })

  test('aliases that cannot be asked now make it later', async () => {
    const broken = aliases({
      virtual: [{ lookUp: async () => Promise.reject(new UnavailableError('away')) }],
    })
    await using host = await ordered([reader, broken])
    expect(await leadsTo(host, 'postmaster@mail.example.org')).toBe(451)
  })
})

const warned = ({ log }: TestHost) =>
  log.lines.filter(({ event, text }) => event === 'starting' && String(text).includes('postmaster'))

test('a start says that nobody reads it', async () => {
  await using host = await start()
  expect(warned(host)).toMatchObject([{ level: 'warn' }])
  const answers = await host.send({
    from: 'a@far.example',
    to: 'postmaster@example.org',
    data: 'Subject: x\n\nx\n',
  })
  expect(answers).toMatchObject([{ reply: { code: 550 } }])
})

test('or that the one who is named has no mailbox', async () => {
  await using host = await start('nobody@example.org')
  expect(warned(host)).toMatchObject([{ level: 'warn' }])
})

test('and nothing where somebody does', async () => {
  await using host = await start(jo.login)
  expect(warned(host)).toEqual([])
})
