import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Server } from './server.ts'

let folder = ''
let server: Server | undefined

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-server-')))
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  await rm(folder, { recursive: true })
})

/** A config with one plugin that greets each connection with a text and then says back what it gets. */
function greeter(text: string, extra = ''): Promise<void> {
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
    export default { plugins: [{ definition: plugin, options: {}, as: undefined }], log: { level: 'silent' }, drainTimeout: 50 }
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

  test('a reload before the start changes nothing', async () => {
    await greeter('one')
    server = new Server(folder)
    expect(await server.reload()).toBe(false)
  })
})
