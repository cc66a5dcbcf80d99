import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Config } from './config.ts'
import { UnavailableError } from './errors.ts'
import { createListenerPool } from './host/listeners.ts'
import { createHost, type Host, type HostOptions } from './host.ts'
import {
  definePlugin,
  noOptions,
  type PluginContext,
  type PluginDefinition,
  type PluginInstance,
} from './plugin.ts'
import { serviceKey } from './services/key.ts'
import { type CapturedLog, capturedLog } from './testing/captured-log.ts'
import { type FakeClock, fakeClock } from './testing/fake-clock.ts'
import { turns } from './testing/turns.ts'

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

function hostOf(plugins: Config['plugins'], options: HostOptions & Partial<Config> = {}): Host {
  const { clock, listeners, ...config } = options
  const host = createHost(
    { hostname: 'mail.example.org', dataDir: folder, drainTimeout: 50, ...config, plugins },
    { log, ...(clock === undefined ? {} : { clock }), ...(listeners === undefined ? {} : { listeners }) },
  )
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

/** A plugin that writes into a list what is done with it. */
function recorder(name: string, done: string[], definition: Definition = {}) {
  const step = (what: string) => async () => void done.push(`${what} ${name}`)
  const setup = () => ({ start: step('start'), serve: step('serve'), stop: step('stop') })
  return plugin(name, { setup, ...definition })
}

const fail = (problem: string) => async () => {
  throw new Error(problem)
}
const forever = () => new Promise<void>(() => undefined)

/** Moves a clock on until something has settled. */
async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let settled = false
  const done = () => {
    settled = true
  }
  work.then(done, done)
  for (let count = 0; count < 10_000 && !settled; count++) {
    await turns()
    clock.advance(10)
  }
  return work
}

describe('start and stop', () => {
  test('go by the dependencies, and stop the other way', async () => {
    const done: string[] = []
    const host = hostOf([
      recorder('user', done, { requires: [store] }),
      recorder('provider', done, {
        provides: [store],
        setup: ({ provide }) => {
          provide(store, { name: 'x', supports: {} })
          return {
            start: async () => void done.push('start provider'),
            stop: async () => void done.push('stop provider'),
          }
        },
      }),
    ])
    await host.start()
    await host.serve()
    await host.stop()
    await host.stop()
    expect(done).toEqual(['start provider', 'start user', 'serve user', 'stop user', 'stop provider'])
  })

  test('a check that fails lets nothing serve, and stops no command', async () => {
    const done: string[] = []
    const bad = plugin('bad', { setup: () => ({ check: fail('line 2 is no entry') }) })
    const host = hostOf([recorder('first', done), bad])
    await expect(host.check()).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: 'bad found a fault in what it reads',
    })
    expect(done).toEqual([])
    await host.start()
    await expect(host.serve()).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: 'bad found a fault in what it reads',
    })
    expect(done).toEqual(['start first', 'stop first'])
  })

  test('a check tells the faults of all plugins', async () => {
    const bad = (name: string, problem: string) => plugin(name, { setup: () => ({ check: fail(problem) }) })
    const host = hostOf([bad('one', 'line 2 is no entry'), recorder('good', []), bad('two', 'no file')])
    await expect(host.check()).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message:
        'one found a fault in what it reads: line 2 is no entry; two found a fault in what it reads: no file',
    })
  })

  test('a stop in the middle of the checks keeps the faults that were found', async () => {
    let stopped: Promise<void> | undefined
    const stopping = async (): Promise<void> => {
      stopped = host.stop()
    }
    const one = plugin('one', { setup: () => ({ check: fail('line 2 is no entry') }) })
    const two = plugin('two', { setup: () => ({ check: stopping }) })
    const host = hostOf([one, two, plugin('three')])
    await expect(host.check()).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: 'one found a fault in what it reads: line 2 is no entry; stopped before three could check',
    })
    await stopped
  })

  test.each<[string, () => Promise<void>, string]>([
    ['rejects', fail('no disk'), 'no disk'],
    [
      'throws',
      () => {
        throw new UnavailableError('no disk')
      },
      'no disk',
    ],
  ])(
    'a start that %s stops what was started, itself too, and names the plugin',
    async (_, start, problem) => {
      const done: string[] = []
      const bad = plugin('bad', { setup: () => ({ start, stop: async () => void done.push('stop bad') }) })
      const host = hostOf([recorder('first', done), bad, recorder('last', done)])
      await expect(host.start()).rejects.toMatchObject({
        code: 'MAIL_E_START',
        message: 'bad failed in start',
        cause: { message: problem },
      })
      expect(done).toEqual(['start first', 'stop bad', 'stop first'])
    },
  )

  test.each(['start', 'serve'] as const)('a %s that hangs is told by plugin and step', async (step) => {
    const clock = fakeClock()
    const done: string[] = []
    const host = hostOf([recorder('first', done), plugin('slow', { setup: () => ({ [step]: forever }) })], {
      clock,
      pluginTimeout: '5s',
    })
    const run = async () => {
      await host.start()
      await host.serve()
    }
    await expect(passing(clock, run())).rejects.toMatchObject({
      code: 'MAIL_E_TIMEOUT',
      message: `slow did not ${step} within 5000 ms`,
    })
    expect(done.at(-1)).toBe('stop first')
  })

  test('a stop that fails or hangs is told, and the others are stopped all the same', async () => {
    const clock = fakeClock()
    const done: string[] = []
    const host = hostOf(
      [
        recorder('first', done),
        plugin('slow', { setup: () => ({ stop: forever }) }),
        plugin('bad', { setup: () => ({ stop: fail('oops') }) }),
        recorder('last', done),
      ],
      { clock, pluginTimeout: 1_000, drainTimeout: 500 },
    )
    await host.start()
    await expect(passing(clock, host.stop())).rejects.toMatchObject({
      code: 'MAIL_E_STOP',
      message: 'bad failed in stop: oops; slow did not stop within 1500 ms',
    })
    expect(done).toEqual(['start first', 'start last', 'stop last', 'stop first'])
  })

  test('sessions are finished at the same time, before the first plugin is stopped, and hear when the time is over', async () => {
    const clock = fakeClock()
    const done: string[] = []
    const draining = (name: string, drain: (over: AbortSignal) => Promise<void>) =>
      plugin(name, { setup: () => ({ drain, stop: async () => void done.push(`stop ${name}`) }) })
    const host = hostOf(
      [
        draining('quick', async () => void done.push('drain quick')),
        draining('slow', async (over) => {
          await once(over, 'abort')
          done.push('over')
        }),
        draining('bad', fail('oops')),
      ],
      { clock, drainTimeout: 500 },
    )
    await host.start()
    await expect(passing(clock, host.stop())).rejects.toThrow('bad failed in drain: oops')
    expect(done).toEqual(['drain quick', 'over', 'stop bad', 'stop slow', 'stop quick'])
  })

  test('sessions that never end cost their time once, and stops have theirs', async () => {
    const clock = fakeClock()
    const done: string[] = []
    const hung = (name: string, stop?: () => Promise<void>) =>
      plugin(name, { setup: () => ({ drain: forever, ...(stop === undefined ? {} : { stop }) }) })
    const host = hostOf([recorder('first', done), hung('one'), hung('two'), hung('three', forever)], {
      clock,
      pluginTimeout: 1_000,
      drainTimeout: 500,
    })
    await host.start()
    const begun = clock.monotonic()
    const stopped = passing(clock, host.stop())
    await expect(stopped).rejects.toThrow('three did not stop within 1000 ms')
    await expect(stopped).rejects.toThrow('two did not drain within 1500 ms')
    expect(clock.monotonic() - begun).toBeLessThan(2_600)
    expect(done).toEqual(['start first', 'stop first'])
  })

  test('work that nobody waits for has the time of a plugin to end', async () => {
    const clock = fakeClock()
    const host = hostOf(
      [
        plugin('slow', {
          setup: ({ hooks }) => hooks.connection.closed.tap('hang', forever, { timeout: 1_000_000 }),
        }),
      ],
      { clock, pluginTimeout: 1_000, drainTimeout: 0 },
    )
    await host.start()
    const nowhere = { address: '192.0.2.1', port: 25 }
    host.flow.openSession({ role: 'transfer', local: nowhere, remote: nowhere }).close()
    await expect(passing(clock, host.stop())).rejects.toThrow(
      'work that nobody waits for did not end within 1000 ms',
    )
  })

  test('a start whose stop fails too tells the first failure and logs the second', async () => {
    const host = hostOf([plugin('bad', { setup: () => ({ start: fail('first'), stop: fail('second') }) })])
    await expect(host.start()).rejects.toMatchObject({ message: 'bad failed in start' })
    expect(log.lines).toMatchObject([{ event: 'plugin-failed', error: 'bad failed in stop: second' }])
  })

  test('a stop in the middle of a start lets the step finish and begins no other', async () => {
    const done: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const slow = plugin('slow', {
      setup: () => ({
        start: async () => {
          begun.resolve()
          await promise
          done.push('start slow')
        },
        stop: async () => void done.push('stop slow'),
      }),
    })
    const host = hostOf([slow, recorder('never', done)])
    const started = host.start()
    await begun.promise
    const stopped = host.stop()
    resolve()
    await expect(started).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: 'stopped before never could start',
    })
    await stopped
    expect(done).toEqual(['start slow', 'stop slow'])
  })

  test('a host that is stopped does not serve', async () => {
    const done: string[] = []
    const host = hostOf([recorder('p', done)])
    await host.start()
    await host.stop()
    await expect(host.serve()).rejects.toMatchObject({ code: 'MAIL_E_START' })
    expect(done).toEqual(['start p', 'stop p'])
  })
})

describe('listeners', () => {
  function listening(name: string, onConnection: (socket: Socket) => unknown, port = 0) {
    const setup = ({ listen }: PluginContext) =>
      listen({ role: 'transfer', host: '127.0.0.1', port }, onConnection as (socket: Socket) => void)
    return plugin(name, { setup })
  }

  async function client(port: number | undefined): Promise<Socket> {
    const socket = connect(port ?? 0, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  test('open when every plugin serves, and close at stop', async () => {
    const host = hostOf([listening('smtp', (socket) => socket.end('hello'))])
    await host.start()
    const [listener] = await host.serve()
    const socket = await client(listener?.port)
    expect(String(await once(socket, 'data'))).toBe('hello')
    await host.stop()
    const late = connect(listener?.port ?? 0, '127.0.0.1')
    await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('a port that is taken is told, and everything is stopped', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const done: string[] = []
    const host = hostOf([recorder('store', done), listening('smtp', () => undefined, port)])
    await host.start()
    await expect(host.serve()).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: `smtp cannot listen on 127.0.0.1 port ${port}: another program listens there`,
    })
    expect(done).toEqual(['start store', 'serve store', 'stop store'])
    taken.close()
  })

  test.each<[string, (socket: Socket) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('oops')
      },
    ],
    ['rejects', fail('oops')],
  ])('a plugin that %s at a connection loses that connection only', async (_, onConnection) => {
    const host = hostOf([
      listening('bad', onConnection),
      listening('good', (socket) => socket.write('hello')),
    ])
    await host.start()
    const [bad, good] = await host.serve()
    const lost = await client(bad?.port)
    await once(lost, 'close')
    const served = await client(good?.port)
    expect(String(await once(served, 'data'))).toBe('hello')
    served.destroy()
    expect(log.lines).toMatchObject([{ event: 'internal-error', plugin: 'bad', error: 'oops' }])
  })

  test('connections may go on for the drain time, then they are cut', async () => {
    const clock = fakeClock()
    const drained = Promise.withResolvers<void>()
    const smtp = plugin('smtp', {
      setup: ({ listen }) => {
        listen({ role: 'transfer', host: '127.0.0.1', port: 0 }, (socket) => {
          socket.write('hello')
          socket.once('close', () => drained.resolve())
        })
        return { stop: () => drained.promise }
      },
    })
    const host = hostOf([smtp], { clock, drainTimeout: 500 })
    await host.start()
    const [listener] = await host.serve()
    const socket = await client(listener?.port)
    await once(socket, 'data')
    const stopped = host.stop()
    await turns()
    clock.advance(499)
    await turns()
    expect(socket.closed).toBe(false)
    clock.advance(1)
    await once(socket, 'close')
    await stopped
  })

  test('a connection that no plugin waits for is cut at the end of the stop', async () => {
    const host = hostOf([listening('smtp', (socket) => socket.write('hello'))])
    await host.start()
    const [listener] = await host.serve()
    const socket = await client(listener?.port)
    await once(socket, 'data')
    await host.stop()
    if (!socket.closed) await once(socket, 'close')
  })

  test('go over to another host on the same port without a refused connection', async () => {
    const listeners = createListenerPool()
    const older = hostOf([listening('smtp', (socket) => socket.end('old'))], { listeners })
    await older.start()
    const [{ port } = { port: 0 }] = await older.serve()
    const newer = hostOf([listening('smtp', (socket) => socket.end('new'))], { listeners })
    await newer.start()
    const heard: Promise<unknown>[] = []
    const knock = async () => String(await once(await client(port), 'data'))
    for (let count = 0; count < 20; count++) heard.push(knock())
    expect((await newer.serve())[0]?.port).toBe(port)
    for (let count = 0; count < 20; count++) heard.push(knock())
    await older.stop()
    for (let count = 0; count < 20; count++) heard.push(knock())
    const answers = await Promise.all(heard)
    expect(new Set(answers.slice(20))).toEqual(new Set(['new']))
    for (const answer of answers) expect(['old', 'new']).toContain(answer)
  })

  test('stay with the older host where the newer one cannot serve', async () => {
    const listeners = createListenerPool()
    const older = hostOf([listening('smtp', (socket) => socket.end('old'))], { listeners })
    await older.start()
    const [{ port } = { port: 0 }] = await older.serve()
    const bad = plugin('bad', { setup: () => ({ serve: fail('oops') }) })
    const newer = hostOf([listening('smtp', (socket) => socket.end('new')), bad], { listeners })
    await newer.start()
    await expect(newer.serve()).rejects.toMatchObject({ message: 'bad failed in serve' })
    expect(String(await once(await client(port), 'data'))).toBe('old')
  })
})
