import { describe, expect, test } from 'vitest'
import { ConfigError, type ConfigFault } from '../errors.ts'
import { definePlugin, type NoOptions, noOptions, type PluginDefinition } from '../plugin.ts'
import { type ServiceKey, serviceKey } from '../services/key.ts'
import { planPlugins } from './plan.ts'

const store = serviceKey('store', 'mailboxes', ['maildir', 'memory'])
const queue = serviceKey('queue', 'responsibility', ['queue'])
const history = serviceKey('history', 'the record', ['core'])
const own = serviceKey('example-own', 'something of its own')

function plugin(
  name: string,
  services: Partial<Record<'provides' | 'requires' | 'optional', ServiceKey<unknown>[]>> = {},
) {
  return definePlugin({ name, parseOptions: noOptions, setup: () => undefined, ...services })
}

function planned(entries: readonly unknown[]): { names: readonly string[]; faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = []
  const plan = planPlugins(entries, [history], faults)
  return { names: plan.map(({ name }) => name), faults }
}

describe('the order', () => {
  test('is that of the config, with what is needed before who needs it', () => {
    const pop3 = plugin('pop3', { requires: [store], optional: [queue] })
    const maildir = plugin('maildir', { provides: [store] })
    const other = plugin('other')
    const direct = plugin('queue', { provides: [queue], requires: [store] })
    expect(planned([pop3(), other(), direct(), maildir()])).toEqual({
      names: ['other', 'maildir', 'queue', 'pop3'],
      faults: [],
    })
  })

  test('what only the core provides needs no plugin, and a plugin may take its place', () => {
    const user = plugin('user', { requires: [history] })
    expect(planned([user()])).toEqual({ names: ['user'], faults: [] })
    expect(planned([user(), plugin('sql-history', { provides: [history] })()]).names).toEqual([
      'sql-history',
      'user',
    ])
  })

  test('an optional service that nobody provides is no fault', () => {
    expect(planned([plugin('user', { optional: [store] })()])).toEqual({ names: ['user'], faults: [] })
  })

  test('a plugin may use what it provides itself', () => {
    expect(planned([plugin('both', { provides: [store], requires: [store] })()]).faults).toEqual([])
  })

  test('a circle is told, and only who is in it', () => {
    const a = plugin('a', { provides: [store], requires: [queue] })
    const b = plugin('b', { provides: [queue], requires: [store] })
    const outside = plugin('outside', { requires: [store] })
    expect(planned([outside(), a(), b()]).faults).toEqual([
      { path: 'plugins', problem: 'a, b need each other in a circle' },
    ])
  })

  test('positions are those of the config, falsy entries counted', () => {
    const plan = planPlugins([false, undefined, null, 0, '', plugin('a')()], [], [])
    expect(plan).toMatchObject([{ name: 'a', position: 5, path: 'plugins[5] (a)' }])
  })
})

describe('faults', () => {
  const broken = (change: Partial<Record<keyof PluginDefinition<unknown>, unknown>>) => ({
    definition: { name: 'bad', parseOptions: noOptions, setup: () => undefined, ...change },
    options: {},
    as: undefined,
  })

  test.each<[string, unknown, string, string]>([
    [
      'a factory that was not called',
      plugin('maildir'),
      'plugins[0]',
      'is a function: call it, as in maildir()',
    ],
    ['any function', () => 1, 'plugins[0]', 'is a function: call it, as in plugin()'],
    ['a text', 'maildir', 'plugins[0]', 'is not a plugin; definePlugin makes one'],
    ['a list', [plugin('a')()], 'plugins[0]', 'is not a plugin; definePlugin makes one'],
    [
      'a bad name',
      broken({ name: 'My Plugin' }),
      'plugins[0]',
      'its name "My Plugin" must be lower case letters, digits and single hyphens',
    ],
    [
      'no name',
      broken({ name: undefined }),
      'plugins[0]',
      'its name undefined must be lower case letters, digits and single hyphens',
    ],
    ['no setup', broken({ setup: undefined }), 'plugins[0] (bad)', 'has no setup function'],
    ['no option parser', broken({ parseOptions: 1 }), 'plugins[0] (bad)', 'has no parseOptions function'],
    [
      'needs by name',
      broken({ requires: ['store'] }),
      'plugins[0] (bad)',
      'its `requires` is no list of service keys',
    ],
    [
      'provides no list',
      broken({ provides: store }),
      'plugins[0] (bad)',
      'its `provides` is no list of service keys',
    ],
    [
      'an option parser that fails',
      broken({
        parseOptions: () => {
          throw new TypeError('oops')
        },
      }),
      'plugins[0] (bad)',
      'its option parser failed: oops',
    ],
  ])('%s', (_, entry, path, problem) => {
    expect(planned([entry]).faults).toEqual([{ path, problem }])
  })

  test('two of one name, and how to tell them apart', () => {
    const smtp = plugin('smtp')
    expect(planned([smtp(), smtp()]).faults).toEqual([
      {
        path: 'plugins[1]',
        problem: 'the name "smtp" is taken by plugins[0]',
        suggestion: 'give one of them a name: (options, { as: "…" })',
      },
    ])
    expect(planned([smtp(), smtp({}, { as: 'submission' })])).toEqual({
      names: ['smtp', 'submission'],
      faults: [],
    })
  })

  test('two providers of one service', () => {
    const faults = planned([
      plugin('a', { provides: [store] })(),
      plugin('b', { provides: [store] })(),
    ]).faults
    expect(faults).toEqual([
      { path: 'plugins[1] (b)', problem: 'provides "store", which plugins[0] (a) provides already' },
    ])
  })

  test('what is missing, and which plugins provide it', () => {
    const faults = planned([plugin('a', { requires: [store, queue, own] })()]).faults
    expect(faults).toEqual([
      {
        path: 'plugins[0] (a)',
        problem: 'needs "store" (mailboxes), and no plugin of this config provides it',
        suggestion: 'add one of the plugins "maildir", "memory"',
      },
      {
        path: 'plugins[0] (a)',
        problem: 'needs "queue" (responsibility), and no plugin of this config provides it',
        suggestion: 'add the plugin "queue"',
      },
      {
        path: 'plugins[0] (a)',
        problem: 'needs "example-own" (something of its own), and no plugin of this config provides it',
      },
    ])
  })

  test('all of them at once, and a plugin with wrong options still provides what it provides', () => {
    const maildir = definePlugin<NoOptions>({
      name: 'maildir',
      provides: [store],
      requires: [queue],
      parseOptions: () => {
        throw new ConfigError([
          { path: 'root', problem: 'must be an absolute path' },
          { path: '', problem: 'must be an object' },
        ])
      },
      setup: () => undefined,
    })
    const faults = planned([maildir(), plugin('pop3', { requires: [store] })(), 7]).faults
    expect(faults).toMatchObject([
      { path: 'plugins[0] (maildir).root', problem: 'must be an absolute path' },
      { path: 'plugins[0] (maildir)', problem: 'must be an object' },
      { path: 'plugins[2]' },
      { path: 'plugins[0] (maildir)', problem: expect.stringContaining('needs "queue"') },
    ])
    expect(faults).toHaveLength(4)
  })
})
