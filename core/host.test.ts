import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Config } from './config.ts'
import { ConfigError } from './errors.ts'
import { createHost, type Host } from './host.ts'
import {
  definePlugin,
  type NoOptions,
  noOptions,
  type PluginContext,
  type PluginDefinition,
  type PluginInstance,
} from './plugin.ts'
import { history } from './services/history.ts'
import { serviceKey } from './services/key.ts'
import { notifier } from './services/notifier.ts'
import { resolver } from './services/resolver.ts'
import { type CapturedLog, capturedLog } from './testing/captured-log.ts'

const store = serviceKey<{ readonly name: string; readonly supports: object }>('store', 'mailboxes', [
  'maildir',
])

let folder = ''
let log: CapturedLog
const hosts: Host[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-host-'))
  log = capturedLog()
})

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop().catch(() => undefined)
  await rm(folder, { recursive: true })
})

function hostOf(plugins: Config['plugins'], options: Partial<Config> = {}): Host {
  const host = createHost({ hostname: 'mail.example.org', dataDir: folder, ...options, plugins }, { log })
  hosts.push(host)
  return host
}

/** A plugin's definition as plain JavaScript could have it. */
type Definition = Partial<Omit<PluginDefinition<Record<string, never>>, 'setup'>> & {
  readonly setup?: (context: PluginContext) => unknown
}

function plugin(name: string, { setup = () => undefined, ...definition }: Definition = {}): PluginInstance {
  const made = { name, parseOptions: noOptions, ...definition, setup: setup as () => undefined }
  return definePlugin<Record<string, never>>(made)()
}

const fail = (problem: string) => async () => {
  throw new Error(problem)
}

function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('a config', () => {
  test('has all its faults told at once, each with path and suggestion', () => {
    const picky = definePlugin<NoOptions>({
      name: 'picky',
      parseOptions: () => {
        throw new ConfigError('root', 'must be an absolute path')
      },
      setup: () => undefined,
    })
    const needy = plugin('needy', { requires: [store] })
    const error = thrown(() =>
      hostOf([picky(), needy], { ...({ hookTimout: 1 } as object), hostname: 'a b' }),
    )
    expect(error).toMatchObject({
      code: 'MAIL_E_CONFIG',
      faults: [
        { path: 'hostname', problem: expect.any(String) },
        { path: 'hookTimout', suggestion: 'did you mean "hookTimeout"?' },
        { path: 'plugins[0] (picky).root', problem: 'must be an absolute path' },
        { path: 'plugins[1] (needy)', suggestion: 'add the plugin "maildir"' },
      ],
    })
  })

  test('faults that plugins see in their setup are told together, and what follows from them is not', () => {
    const faulty = (name: string, provides: PluginDefinition<unknown>['provides'] = []) =>
      plugin(name, {
        provides,
        setup: () => {
          throw new ConfigError('tls', `not for ${name}`)
        },
      })
    const user = plugin('user', { requires: [store], setup: ({ use }) => void use(store) })
    expect(thrown(() => hostOf([faulty('one', [store]), user, faulty('two')]))).toMatchObject({
      code: 'MAIL_E_CONFIG',
      faults: [
        { path: 'plugins[0] (one).tls', problem: 'not for one' },
        { path: 'plugins[2] (two).tls', problem: 'not for two' },
      ],
    })
  })

  test.each<[string, Definition, string, string]>([
    [
      'throws',
      {
        setup: () => {
          throw new Error('oops')
        },
      },
      'MAIL_E_SETUP',
      'oops',
    ],
    [
      'is asynchronous',
      { setup: async () => undefined },
      'MAIL_E_SETUP',
      'setup must not be asynchronous; `start` is the place for I/O',
    ],
    [
      'is asynchronous and rejects',
      { setup: fail('unheard') },
      'MAIL_E_SETUP',
      'setup must not be asynchronous; `start` is the place for I/O',
    ],
    [
      'does not provide what it said',
      { provides: [store] },
      'MAIL_E_SETUP',
      'bad said that it provides "store" and did not',
    ],
    [
      'does not replace what it said',
      { provides: [history] },
      'MAIL_E_SETUP',
      'bad said that it provides "history" and did not',
    ],
    [
      'provides what it did not say',
      { setup: ({ provide }) => provide(store, { name: 'x', supports: {} }) },
      'MAIL_E_SETUP',
      'bad must list "store" in its `provides`',
    ],
    [
      'uses what it did not say',
      { setup: ({ use }) => void use(history) },
      'MAIL_E_SETUP',
      'bad must list "history" in its `requires`',
    ],
    [
      'taps twice by one name',
      {
        setup: ({ hooks }) => {
          hooks.connection.closed.tap('x', async () => undefined)
          hooks.connection.closed.tap('x', async () => undefined)
        },
      },
      'MAIL_E_SETUP',
      'bad/x cannot tap connection.closed: it has a tap of that name already',
    ],
  ])('names the plugin whose setup %s', (_, definition, code, problem) => {
    const error = thrown(() => hostOf([plugin('good'), plugin('bad', definition)]))
    expect(error).toMatchObject({
      code,
      message: 'plugins[1] (bad) failed in setup',
      cause: { message: problem },
    })
  })

  test('an order that cannot be had is told by the hook', () => {
    const bad = plugin('bad', {
      setup: ({ hooks }) => hooks.connection.closed.tap('x', async () => undefined, { after: 'nobody' }),
    })
    expect(thrown(() => hostOf([bad]))).toMatchObject({
      code: 'MAIL_E_HOOK',
      message: expect.stringContaining('bad/x in connection.closed'),
    })
  })

  test('two listeners cannot have one port', () => {
    const listens = (name: string) =>
      plugin(name, {
        setup: ({ listen }) => listen({ role: 'transfer', host: '127.0.0.1', port: 2525 }, () => undefined),
      })
    expect(thrown(() => hostOf([listens('smtp'), listens('lmtp')]))).toMatchObject({
      code: 'MAIL_E_CONFIG',
      message: 'plugins: smtp and lmtp both listen on 127.0.0.1 port 2525',
    })
  })

  test('nothing was opened by a config that is refused', async () => {
    thrown(() => hostOf([plugin('needy', { requires: [store] })]))
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a context', () => {
  test('has what the contract says', async () => {
    let context: PluginContext | undefined
    const migrations = [{ name: '0001-x', up: async () => undefined }]
    const host = hostOf([
      plugin('later', {
        requires: [store],
        setup: (given) => {
          context = given
          expect(given.use(store)).toEqual({ name: 'the store', supports: {} })
        },
      }),
      plugin('sooner', {
        provides: [store],
        migrations,
        setup: ({ provide }) => provide(store, { name: 'the store', supports: {} }),
      }),
    ])
    expect(host.plugins).toEqual(['sooner', 'later'])
    expect(context).toMatchObject({
      name: 'later',
      hostname: 'mail.example.org',
      dataDir: folder,
      migrations: [{ plugin: 'sooner', migrations }],
    })
    context?.log.info('connected')
    expect(log.lines).toMatchObject([{ event: 'connected', plugin: 'later' }])
    expect(host.service(store)).toEqual({ name: 'the store', supports: {} })
    for (const key of [history, notifier, resolver]) expect(host.service<unknown>(key)).toBeDefined()
  })

  test('listens and provides in setup only', async () => {
    let context: PluginContext | undefined
    hostOf([
      plugin('p', {
        provides: [store],
        setup: (given) => {
          given.provide(store, { name: 'x', supports: {} })
          context = given
        },
      }),
    ])
    expect(() => context?.listen({ role: 'pop3', host: '127.0.0.1', port: 0 }, () => undefined)).toThrow(
      'p can call `listen` only in its setup',
    )
    expect(() => context?.provide(store, { name: 'y', supports: {} })).toThrow(
      'p can call `provide` only in its setup',
    )
  })

  test('commands of the plugins are those of the host', async () => {
    const command = { name: 'x list', summary: 'lists', run: async () => ({ json: [], text: '' }) }
    const { commands } = hostOf([plugin('p', { commands: () => [command] }), plugin('q')])
    expect(commands.map(({ name, summary }) => [name, summary])).toEqual([['x list', 'lists']])
  })
})
