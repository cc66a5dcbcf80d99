import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { originStack } from '../error-stack.ts'
import { ConfigError, errorText } from '../errors.ts'
import { createHost, type Host } from '../host.ts'
import { definePlugin, noOptions, type PluginContext, type PluginDefinition } from '../plugin.ts'
import { accounts } from '../services/accounts.ts'
import { store } from '../services/store.ts'
import { capturedLog } from '../testing/captured-log.ts'

// Mistakes of plugins in plain JavaScript, as `mailwright check` meets them.

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-mistakes-'))
})
afterEach(() => rm(folder, { recursive: true }))

function hostOf(definition: object): Host {
  const given = { name: 'p', parseOptions: noOptions, setup: () => undefined, ...definition }
  const plugin = definePlugin(given as unknown as PluginDefinition<object>)()
  return createHost({ dataDir: folder, plugins: [plugin] }, { log: capturedLog() })
}

function problemOf(definition: object): string {
  try {
    hostOf(definition)
    return ''
  } catch (error) {
    return error instanceof ConfigError ? `fault ${error.message}` : errorText(error)
  }
}

function onSetup(setup: (context: PluginContext) => unknown): object {
  return { setup }
}

test('a parser of options that is asynchronous', () => {
  const parseOptions = async () => {
    throw new Error('later')
  }
  expect(problemOf({ parseOptions })).toBe(
    'fault plugins[0] (p): its parseOptions is asynchronous; it must answer the options themselves',
  )
})

test('where a parser of options threw can be told', () => {
  const parseOptions = () => {
    throw new TypeError('oops')
  }
  try {
    hostOf({ parseOptions })
    expect.unreachable()
  } catch (error) {
    expect(errorText(error)).toBe('plugins[0] (p): its option parser failed: oops')
    expect(originStack(error)?.[0]).toMatch(/parseOptions .*plugin-mistakes\.test\.ts/)
  }
})

test('where plugins threw in a check or a stop can be told, of several, too', async () => {
  const fail = async () => {
    throw new TypeError('oops')
  }
  const failing = (name: string) =>
    definePlugin({ name, parseOptions: noOptions, setup: () => ({ check: fail, stop: fail }) })()
  const plugins = [failing('one'), failing('two')]
  const host = createHost({ dataDir: folder, plugins }, { log: capturedLog() })
  await host.start()
  const thrown = [await host.check().catch(originStack), await host.stop().catch(originStack)] as string[][]
  for (const stack of thrown)
    expect(stack.filter((place) => /fail .*plugin-mistakes\.test\.ts/.test(place))).toHaveLength(2)
})

test('doubts of plugins are warnings, and so are doubts that fail', () => {
  const doubting = (doubts: () => unknown) => hostOf(onSetup(() => ({ doubts }))).warnings
  expect(doubting(() => ['nobody uses it'])).toEqual(['p: nobody uses it'])
  expect(doubting(() => undefined)).toEqual([])
  const fail = () => {
    throw new Error('oops')
  }
  expect(doubting(fail)).toEqual(['the `doubts` of p failed: oops'])
})

test('what is excused of a check is a warning', async () => {
  const fail = async () => {
    throw new Error('no key')
  }
  const host = hostOf(onSetup(() => ({ check: fail })))
  await expect(host.check()).rejects.toThrow('p found a fault in what it reads')
  await host.check((fault) => `${errorText(fault)}, so far`)
  expect(host.warnings).toEqual(['p found a fault in what it reads: no key, so far'])
})

test('a step that is null is none', () => {
  expect(problemOf({ setup: () => ({ start: null }) })).toBe('')
})

test('a step that is no function', () => {
  expect(problemOf({ setup: () => ({ start: 5, stop: async () => undefined }) })).toBe(
    'fault plugins[0] (p): its setup answered a `start` that is no function',
  )
})

test('what it keeps are paths from the root on', () => {
  const keeping = (keeps: unknown) => onSetup(() => ({ keeps }))
  for (const keeps of ['/srv', [5], ['mail']])
    expect(problemOf(keeping(keeps))).toBe(
      'fault plugins[0] (p): its setup answered `keeps` that are no absolute paths',
    )
  expect(hostOf(keeping(['/srv/mail'])).keptPaths).toEqual([{ plugin: 'p', path: '/srv/mail' }])
  expect(hostOf(keeping(null)).keptPaths).toEqual([])
})

test.each<[unknown, readonly string[]]>([
  ['text', ['the setup of p answered a string, which is no { start, check, serve, drain, stop }']],
  [
    { stopp: () => undefined },
    ['the setup of p answered a `stopp`, which nobody calls: did you mean "stop"?'],
  ],
  [
    { finish: () => undefined },
    [
      'the setup of p answered a `finish`, which nobody calls: there are start, check, serve, drain, stop, doubts',
    ],
  ],
  [{ start: async () => undefined, state: 5 }, []],
  [
    new (class {
      async stop() {}
      async other() {}
    })(),
    [],
  ],
  [undefined, []],
  [null, []],
])('what nobody calls of %j is a warning', (answer, warnings) => {
  expect(hostOf({ setup: () => answer }).warnings).toEqual(warnings)
})

// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript sees them
test.each<[string, (hooks: any) => void, string]>([
  [
    'a hook in a wrong spelling',
    (hooks) => hooks.data.rewriteMesage.tap(),
    'there is no hook "data.rewriteMesage"; did you mean "rewriteMessage"?',
  ],
  [
    'a hook of another group',
    (hooks) => hooks.data.checkSender.tap(),
    'there is no hook "data.checkSender"; did you mean "envelope.checkSender"?',
  ],
  [
    'a group in a wrong spelling',
    (hooks) => hooks.dta.inspect.tap(),
    'there is no group of hooks "dta"; did you mean "data"?',
  ],
])('%s', (_what, tap, problem) => {
  expect(problemOf(onSetup(({ hooks }) => tap(hooks)))).toContain(
    `plugins[0] (p) failed in setup: ${problem}: Cannot read properties of undefined`,
  )
})

test('a plugin for several versions may look whether there is a hook', () => {
  const setup = ({ hooks }: PluginContext) => {
    const data = hooks.data as unknown as Record<string, { tap(): void } | undefined>
    data.later?.tap()
    if ('later' in data) throw new Error('is not there')
  }
  expect(problemOf(onSetup(setup))).toBe('')
})

test('a fault behind such a look is told as it is', () => {
  const setup = ({ hooks }: PluginContext) => {
    void (hooks.data as unknown as Record<string, unknown>).later
    return (undefined as unknown as { folder: string }).folder
  }
  expect(problemOf(onSetup(setup))).toBe(
    "plugins[0] (p) failed in setup: Cannot read properties of undefined (reading 'folder')",
  )
})

test.each([
  [{ role: 'imap', host: '127.0.0.1', port: 99_999 }, 'the port 99999, which is none from 0 to 65535'],
  [{ role: 'imap', host: '127.0.0.1', port: '25' }, 'the port "25", which is none from 0 to 65535'],
  [{ role: 'imap', port: 25 }, 'the host undefined, which is no IP address'],
  [{ role: 'imap', path: 'run/mail' }, 'the path "run/mail", which is not absolute'],
  [{ role: 5, host: '127.0.0.1', port: 25 }, 'the role 5, which is no word such as "imap"'],
])('a listener with %j', (options, problem) => {
  const setup = ({ listen }: PluginContext) => listen(options as never, () => undefined)
  expect(problemOf(onSetup(setup))).toBe(`fault plugins: p wants to listen with ${problem}`)
})

test.each([
  ['submision', ['p listens in the role "submision", which there is not: did you mean "submission"?']],
  [
    'gopher',
    [
      'p listens in the role "gopher", which there is not: one of its own has a hyphen in it, such as "example-nntp"',
    ],
  ],
  ['example-gopher', []],
  ['submission', []],
])('a listener in the role %s', (role, warnings) => {
  const host = hostOf({
    setup: ({ listen }: PluginContext) =>
      listen({ role: role as 'imap', host: '127.0.0.1', port: 0 }, () => undefined),
  })
  expect(host.warnings).toEqual(warnings)
})

test('a command that takes the name of one of the core is a fault', () => {
  const commands = () => [{ name: 'trace', summary: '', run: async () => ({ json: 1, text: '' }) }]
  expect(problemOf({ commands })).toContain('plugins[0] (p): has the command "trace", which is never reached')
})

test('a store without `supports`', () => {
  const setup = ({ provide }: PluginContext) => provide(store, {} as never)
  expect(problemOf({ provides: [store], setup })).toBe(
    'plugins[0] (p) failed in setup: p provides "store" without `supports`, which says what it can do',
  )
})

test.each([
  undefined,
  'account',
  { kind: 'nonsense' },
  { kind: 'account' },
  { kind: 'alias' },
  { kind: 'alias', addresses: ['jo'] },
])('accounts that answer %j are no "unknown"', async (answer) => {
  const provided = { supports: {}, resolve: async () => answer } as never
  const host = hostOf({
    provides: [accounts],
    setup: ({ provide }: PluginContext) => provide(accounts, provided),
  })
  await expect(host.service(accounts).resolve(address)).rejects.toThrow(
    'p answered no account, alias, "unknown" or "foreign" for an address',
  )
})

const address = { localPart: 'jo', domain: 'example.org' }

test.each([
  [{ id: 7, address }, 'p answered an account whose id is no text for an address'],
  [{ id: '7', address: 'jo@example.org' }, 'p answered an account whose address is none for an address'],
])('accounts that answer the account %j are told what is wrong with it', async (account, problem) => {
  const provided = { supports: {}, resolve: async () => ({ kind: 'account', account }) } as never
  const setup = ({ provide }: PluginContext) => provide(accounts, provided)
  const host = hostOf({ provides: [accounts], setup })
  await expect(host.service(accounts).resolve(address)).rejects.toThrow(problem)
})
