import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Log } from './log.ts'
import { Server } from './server.ts'

let folder = ''
let server: Server | undefined

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-server-')))
})

afterEach(async () => {
  vi.unstubAllGlobals()
  await server?.stop()
  server = undefined
  await rm(folder, { recursive: true })
})

/** A config with one plugin that greets each connection with a text and then says back what it gets. */
function greeter(text: string, extra = '', times = 'drainTimeout: 50'): Promise<void> {
  const config = `
    const plugin = {
      name: 'greeter',
      parseOptions: () => ({}),
      setup({ listen }) {
        listen({ role: 'transfer', host: '127.0.0.1', port: 0 }, (socket) => {
          socket.write(${JSON.stringify(`${text}\n`)})
          socket.on('data', (octets) => socket.write(octets))
        })
        ${extra}
      },
    }
    export default { plugins: [{ definition: plugin, options: {}, as: undefined }], log: { level: 'silent' }, ${times} }
  `
  return writeFile(join(folder, 'mailwright.config.mjs'), config)
}

async function client(): Promise<Socket> {
  const socket = connect(server?.listeners[0]?.port ?? 0, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

function line(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (octets) => resolve(octets.toString().trim())))
}

async function greeting(): Promise<string> {
  const socket = await client()
  const text = await line(socket)
  socket.destroy()
  return text
}

describe('Server', () => {
  test('takes a changed config on the same port, and old sessions go on until the drain time is over', async () => {
    await greeter('one')
    server = new Server(folder)
    await server.start()
    const port = server.listeners[0]?.port
    const old = await client()
    expect(await line(old)).toBe('one')
    await greeter('two')
    const reloaded = server.reload()
    old.write('still here\n')
    expect(await line(old)).toBe('still here')
    const ended = new Promise((resolve) => old.once('close', resolve))
    expect(await reloaded).toBe(true)
    await ended
    expect(server.listeners[0]?.port).toBe(port)
    expect(await greeting()).toBe('two')
  })

  test.each([
    ['a config that does not load', 'export default ('],
    ['a config with faults', 'export default { plugins: [], nonsense: 1 }'],
  ])('keeps the old system for %s', async (_, text) => {
    await greeter('one')
    server = new Server(folder)
    await server.start()
    await writeFile(join(folder, 'mailwright.config.mjs'), text)
    expect(await server.reload()).toBe(false)
    expect(await greeting()).toBe('one')
  })

  test.each([
    ['start', "return { start: async () => { throw new Error('no') } }"],
    ['serve', "return { serve: async () => { throw new Error('no') } }"],
  ])('keeps the old system where the new one fails in %s', async (_, extra) => {
    await greeter('one')
    server = new Server(folder)
    await server.start()
    const port = server.listeners[0]?.port
    await greeter('two', extra)
    expect(await server.reload()).toBe(false)
    expect(server.listeners).toHaveLength(1)
    expect(await greeting()).toBe('one')
    expect(server.listeners[0]?.port === port || server.listeners[0]?.port !== 0).toBe(true)
  })

  test('has what a plugin keeps still after a reload, by plugin and name', async () => {
    const config = (name: string) => `
      const plugin = {
        name: '${name}',
        parseOptions: () => ({}),
        setup({ listen, keep }) {
          const [one, other] = [keep('one', () => []), keep('other', () => [])]
          one.push('${name}')
          listen({ role: 'transfer', host: '127.0.0.1', port: 0 }, (socket) => socket.write(one + ' ' + other + '\\n'))
        },
      }
      export default { plugins: [{ definition: plugin, options: {}, as: 'same' }], log: { level: 'silent' }, drainTimeout: 50 }
    `
    const change = (name: string) => writeFile(join(folder, 'mailwright.config.mjs'), config(name))
    await change('first')
    server = new Server(folder)
    await server.start()
    expect(await server.reload()).toBe(true)
    expect(await greeting()).toBe('first,first')
    await change('second')
    expect(await server.reload()).toBe(true)
    expect(await greeting()).toBe('second')
  })

  test('refuses no connection while it reloads', async () => {
    await greeter('one')
    server = new Server(folder)
    await server.start()
    await greeter('two')
    let reloading = true
    const done = server.reload().finally(() => {
      reloading = false
    })
    const greetings: string[] = []
    while (reloading) greetings.push(await greeting())
    await done
    greetings.push(await greeting())
    expect(greetings.every((text) => text === 'one' || text === 'two')).toBe(true)
    expect(greetings.at(-1)).toBe('two')
  })

  /** Plugins whose sessions end when the time for it is over. */
  const neverDrained = 'return { drain: () => new Promise(() => undefined), stop: async () => undefined }'
  const times = "drainTimeout: 1, pluginTimeout: '2s'"

  test('a stop does not wait for what a reload has left to finish first', async () => {
    await greeter('one', neverDrained, times)
    server = new Server(folder)
    await server.start()
    await greeter('two', neverDrained, times)
    const reloads = [server.reload(), server.reload()]
    while ((await greeting()) !== 'two');
    const begun = performance.now()
    await expect(server.stop()).rejects.toMatchObject({ code: 'MAIL_E_STOP' })
    expect(performance.now() - begun).toBeLessThan(3_500)
    expect(await Promise.all(reloads)).toEqual([true, false])
  })

  test('a reload comes after the sessions of the one before have had their time', async () => {
    await greeter('one', neverDrained, times)
    server = new Server(folder)
    await server.start()
    await greeter('two')
    const first = server.reload()
    const second = server.reload()
    expect(await Promise.all([first, second])).toEqual([true, true])
    expect(await greeting()).toBe('two')
  })

  test('a stop while it starts stops what has started', async () => {
    await greeter('one', 'return { start: () => new Promise((done) => setTimeout(done, 100)) }')
    server = new Server(folder)
    const started = server.start()
    while (server.log === undefined) await new Promise((resolve) => setImmediate(resolve))
    await server.stop()
    await expect(started).rejects.toMatchObject({ code: 'MAIL_E_START' })
    expect(await server.reload()).toBe(false)
  })

  test('a stop during a reload tells of all that failed', async () => {
    const failing = (text: string, more: string) =>
      greeter(text, `return { ${more} stop: async () => { throw new Error('${text} fails') } }`)
    await failing('one', '')
    server = new Server(folder)
    await server.start()
    const logged = vi.spyOn(server.log as Log, 'error')
    const begun = Promise.withResolvers<void>()
    vi.stubGlobal('reloadBegins', begun.resolve)
    await failing(
      'two',
      'start: () => { reloadBegins(); return new Promise((done) => setTimeout(done, 100)) },',
    )
    const reloading = server.reload()
    await begun.promise
    await expect(server.stop()).rejects.toThrow('one fails')
    expect(logged.mock.calls.map(([event, facts]) => [event, String(facts?.error)])).toEqual([
      ['plugin-failed', expect.stringContaining('two fails')],
    ])
    expect(await reloading).toBe(false)
    server = undefined
  })

  test('a reload before the start changes nothing', async () => {
    await greeter('one')
    server = new Server(folder)
    expect(await server.reload()).toBe(false)
  })
})
