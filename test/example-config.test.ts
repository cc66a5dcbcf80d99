import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, ConfigError, createLog } from 'mailwright'
import { afterEach, describe, expect, test } from 'vitest'
import example from '../config.example.ts'
import type { OpenListener } from '../core/host/listeners.ts'
import { createHost, type Host } from '../core/host.ts'
import { readMail, sendMail } from './support/mail.ts'

type Instance = Exclude<Config['plugins'][number], false | undefined>

const plugins = example.plugins.filter(
  (plugin): plugin is Instance => plugin !== undefined && plugin !== false,
)
const nameOf = (plugin: Instance) => plugin.as ?? plugin.definition.name

let host: Host | undefined
let folder = ''

afterEach(async () => {
  await host?.stop()
  host = undefined
  if (folder !== '') await rm(folder, { recursive: true, force: true })
})

const readers = ['imap', 'pop3']

/** The example on free ports, in a folder of its own, without one of its plugins; mail may be read in clear. */
async function start(without?: string): Promise<readonly OpenListener[]> {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-example-'))
  const changed = plugins
    .filter((plugin) => nameOf(plugin) !== without)
    .map((plugin) => {
      const options = plugin.options as Record<string, unknown>
      if (!('port' in options)) return plugin
      const clear =
        readers.includes(nameOf(plugin)) && without !== 'certificates' ? { allowPlaintextLogin: true } : {}
      return { ...plugin, options: { ...options, port: 0, ...clear } }
    })
  host = createHost(
    { ...example, plugins: changed, dataDir: folder, log: { level: 'silent' } },
    { log: createLog('silent') },
  )
  await host.start()
  return host.serve()
}

function portOf(listeners: readonly OpenListener[], role: string): number {
  return listeners.find((listener) => listener.role === role)?.port ?? 0
}

async function password(): Promise<string> {
  const text = await readFile(join(folder, 'first-account.txt'), 'utf8')
  return /^password: (.+)$/m.exec(text)?.[1] ?? ''
}

describe('config.example.ts', () => {
  test('receives a mail for the first account and lets it be read', async () => {
    const listeners = await start()
    expect(listeners.map((listener) => listener.role)).toEqual(['transfer', 'submission', 'imap', 'pop3'])
    const sent = await sendMail(portOf(listeners, 'transfer'), {
      to: 'me@example.test',
      text: 'Subject: hello\n\n.dot\n',
    })
    expect(sent).toMatch(/^250 2\.0\.0 /)
    const [message] = await readMail(portOf(listeners, 'pop3'), 'me@example.test', await password())
    expect(message).toContain(
      'Return-Path: <sender@elsewhere.example>\nDelivered-To: me@example.test\nReceived: from client.example',
    )
    expect(message).toMatch(/Subject: hello\n\n\.dot$/)
  })

  test('has a postmaster, refuses who is not here, and relays for nobody', async () => {
    const transfer = portOf(await start(), 'transfer')
    for (const to of ['postmaster@example.test', 'Postmaster']) {
      expect(await sendMail(transfer, { to, text: 'Subject: x\n' })).toMatch(/^250 /)
    }
    expect(await sendMail(transfer, { to: 'nobody@example.test', text: 'x' })).toMatch(/^550 5\.1\.1 /)
    expect(await sendMail(transfer, { to: 'someone@elsewhere.example', text: 'x' })).toMatch(/^550 5\.7\.1 /)
  })

  test('lets nobody send by submission without a login', async () => {
    const submission = portOf(await start(), 'submission')
    expect(await sendMail(submission, { to: 'me@example.test', text: 'x' })).toMatch(/^530 5\.7\.\d+ /)
  })
})

describe('config.example.ts without one plugin', () => {
  const smaller: Readonly<Record<string, (listeners: readonly OpenListener[]) => Promise<void>>> = {
    transfer: async (listeners) => {
      expect(await readMail(portOf(listeners, 'pop3'), 'me@example.test', await password())).toEqual([])
    },
    submission: async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    imap: async (listeners) => {
      expect(await readMail(portOf(listeners, 'pop3'), 'me@example.test', await password())).toEqual([])
    },
    pop3: async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    migration: async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    'local-notifier': async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    relay: async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    'smtp-out': async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    dsn: async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^250 /,
      )
    },
    'local-delivery': async (listeners) => {
      expect(await sendMail(portOf(listeners, 'transfer'), { to: 'me@example.test', text: 'x' })).toMatch(
        /^550 5\.7\.1 /,
      )
    },
  }
  const missing: Readonly<Record<string, RegExp>> = {
    database: /plugins\[\d\] \(accounts-sql\): needs "database" .*\(add the plugin "database"\)/,
    'accounts-sql': /needs "accounts" .*\(add one of the plugins "accounts-sql", .*"memory"\)/,
    maildir: /needs "store" .*\(add one of the plugins "maildir", "mbox", "memory"\)/,
    queue: /needs "queue" .*\(add one of the plugins "queue", "memory"\)/,
    certificates: /certificates/,
  }

  test('every plugin is tried', () => {
    expect([...Object.keys(smaller), ...Object.keys(missing)].sort()).toEqual(plugins.map(nameOf).sort())
  })

  test.each(Object.entries(smaller))('%s: a smaller system that works', async (name, works) => {
    await works(await start(name))
  })

  test.each(Object.entries(missing))(
    '%s: an error that says what is missing and who provides it',
    async (name, message) => {
      const failure = start(name)
      await expect(failure).rejects.toBeInstanceOf(ConfigError)
      await expect(failure).rejects.toThrow(message)
    },
  )
})
