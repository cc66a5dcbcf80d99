import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { ListenOptions } from '../plugin.ts'
import { createListenerPool, keysOf, type ListenerPool, type ListenRequest } from './listeners.ts'

const owners: { readonly pool: ListenerPool; readonly owner: object }[] = []

afterEach(async () => {
  for (const { pool, owner } of owners.splice(0)) {
    await pool.release(owner)
    pool.cut(owner)
  }
})

function request(
  plugin: string,
  onConnection: (socket: Socket) => void = () => undefined,
  options: Partial<ListenOptions> = {},
): ListenRequest {
  return { plugin, options: { role: 'transfer', host: '127.0.0.1', port: 0, ...options }, onConnection }
}

/** Greets each connection with a text. */
const greets = (text: string) => (socket: Socket) => void socket.write(text)

async function adopt(pool: ListenerPool, owner: object, requests: readonly ListenRequest[]) {
  owners.push({ pool, owner })
  return pool.adopt(owner, requests)
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** What a client hears first. */
async function greeting(port: number): Promise<string> {
  const socket = await client(port)
  const [octets] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return octets.toString()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe('keysOf', () => {
  test('a fixed port is one socket, whoever asks; chosen ports are one for each request', () => {
    const fixed = { host: '127.0.0.1', port: 2525 }
    const requests = [
      request('a', undefined, fixed),
      request('b', undefined, fixed),
      request('a'),
      request('a'),
      request('b'),
    ]
    const keys = keysOf(requests)
    expect(keys[0]).toBe(keys[1])
    expect(new Set(keys).size).toBe(4)
    expect(keysOf([request('a'), request('a')])).toEqual(keysOf([request('a'), request('a')]))
  })
})

describe('adopt', () => {
  test('opens all listeners and tells their real ports', async () => {
    const pool = createListenerPool()
    const listeners = await adopt(pool, {}, [
      request('smtp', greets('transfer')),
      request('smtp', greets('submission'), { role: 'submission', implicitTls: true }),
    ])
    expect(listeners).toMatchObject([
      { plugin: 'smtp', role: 'transfer', host: '127.0.0.1', implicitTls: false },
      { plugin: 'smtp', role: 'submission', implicitTls: true },
    ])
    const [first, second] = listeners
    expect(first?.port).not.toBe(second?.port)
    expect(await greeting(first?.port ?? 0)).toBe('transfer')
    expect(await greeting(second?.port ?? 0)).toBe('submission')
  })

  test('opens none where one cannot be opened, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address() as { port: number }
    const free = await freePort()
    const pool = createListenerPool()
    const requests = [
      request('a', undefined, { port: free }),
      request('smtp', undefined, { port: address.port }),
    ]
    await expect(adopt(pool, {}, requests)).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: `smtp cannot listen on 127.0.0.1 port ${address.port}: another program listens there`,
      cause: { code: 'EADDRINUSE' },
    })
    await expect(client(free)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    taken.close()
  })

  test('says so where the machine has no such address', async () => {
    await expect(
      adopt(createListenerPool(), {}, [request('smtp', undefined, { host: '192.0.2.1' })]),
    ).rejects.toThrow('smtp cannot listen on 192.0.2.1 port 0: this machine has no such address')
  })
})

describe('a handover', () => {
  test('refuses nobody: every connection, before, during and after, is answered by one of the two', async () => {
    const pool = createListenerPool()
    const [older, newer] = [{}, {}]
    const [listener] = await adopt(pool, older, [request('smtp', greets('old'))])
    const port = listener?.port ?? 0
    const heard: Promise<string>[] = []
    const knock = () => void heard.push(greeting(port))
    for (let count = 0; count < 20; count++) knock()
    expect(await Promise.all(heard)).toEqual(Array(20).fill('old'))
    heard.length = 0
    for (let count = 0; count < 10; count++) knock()
    const adopted = adopt(pool, newer, [request('smtp', greets('new'))])
    for (let count = 0; count < 10; count++) knock()
    expect((await adopted)[0]?.port).toBe(port)
    for (let count = 0; count < 10; count++) knock()
    await pool.release(older)
    for (let count = 0; count < 10; count++) knock()
    const answers = await Promise.all(heard)
    expect(answers).toHaveLength(40)
    for (const answer of answers) expect(['old', 'new']).toContain(answer)
    expect(answers.slice(20)).toEqual(Array(20).fill('new'))
  })

  test('leaves the connections of the older owner alone until they are cut', async () => {
    const pool = createListenerPool()
    const [older, newer] = [{}, {}]
    const [listener] = await adopt(pool, older, [request('smtp', (socket) => void socket.pipe(socket))])
    const old = await client(listener?.port ?? 0)
    old.write('are you there')
    await once(old, 'data')
    await adopt(pool, newer, [request('smtp', (socket) => void socket.pipe(socket))])
    const fresh = await client(listener?.port ?? 0)
    await pool.release(older)
    old.write('still')
    expect(String(await once(old, 'data'))).toBe('still')
    pool.cut(older)
    await once(old, 'close')
    fresh.write('and I')
    expect(String(await once(fresh, 'data'))).toBe('and I')
    fresh.destroy()
  })

  test('closes what the newer owner does not want when the older one lets go', async () => {
    const pool = createListenerPool()
    const [older, newer] = [{}, {}]
    const [, second] = await adopt(pool, older, [request('a', greets('a')), request('b', greets('b'))])
    await adopt(pool, newer, [request('a', greets('a'))])
    expect(await greeting(second?.port ?? 0)).toBe('b')
    await pool.release(older)
    await expect(client(second?.port ?? 0)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('that fails leaves everything with the older owner', async () => {
    const pool = createListenerPool()
    const [listener] = await adopt(pool, {}, [request('a', greets('old'))])
    const failing = [request('a', greets('new')), request('b', undefined, { host: '192.0.2.1' })]
    await expect(adopt(pool, {}, failing)).rejects.toMatchObject({ code: 'MAIL_E_START' })
    expect(await greeting(listener?.port ?? 0)).toBe('old')
  })
})

describe('connections', () => {
  test('above the limit are handed over, or closed', async () => {
    const pool = createListenerPool()
    const onOverflow = vi.fn((socket: Socket) => void socket.end('too many'))
    const [polite, blunt] = await adopt(pool, {}, [
      request('a', greets('hello'), { maxConnections: 1, onOverflow }),
      request('b', greets('hello'), { maxConnections: 1 }),
    ])
    for (const [port, answer] of [
      [polite?.port ?? 0, 'too many'],
      [blunt?.port ?? 0, ''],
    ] as const) {
      const first = await client(port)
      await once(first, 'data')
      const second = await client(port)
      const heard: Buffer[] = []
      second.on('data', (octets) => heard.push(octets)).on('error', () => undefined)
      await once(second, 'close')
      expect(Buffer.concat(heard).toString()).toBe(answer)
      first.destroy()
      await once(first, 'close')
    }
    expect(onOverflow).toHaveBeenCalledTimes(1)
  })

  test('that were reset before they were accepted are never seen', async () => {
    const pool = createListenerPool()
    const onOverflow = vi.fn()
    const onConnection = vi.fn(greets('hello'))
    const options = { maxConnections: 1, onOverflow }
    const [listener] = await adopt(pool, {}, [request('a', onConnection, options)])
    const port = listener?.port ?? 0
    // Nothing is accepted while it runs.
    const balancer = `const { connect } = require('node:net')
      const socket = connect(${port}, '127.0.0.1', () => socket.resetAndDestroy())`
    for (let count = 0; count < 3; count++)
      expect(spawnSync(process.execPath, ['-e', balancer], { timeout: 60_000 }).status).toBe(0)
    expect(await greeting(port)).toBe('hello')
    expect(onConnection).toHaveBeenCalledTimes(1)
    expect(onOverflow).not.toHaveBeenCalled()
  })

  test('make room when they end', async () => {
    const pool = createListenerPool()
    const accepted: Socket[] = []
    const onConnection = (socket: Socket) => {
      accepted.push(socket)
      socket.write('hello')
    }
    const [listener] = await adopt(pool, {}, [request('a', onConnection, { maxConnections: 1 })])
    for (let count = 0; count < 3; count++) {
      expect(await greeting(listener?.port ?? 0)).toBe('hello')
      const last = accepted.at(-1)
      if (last !== undefined && !last.closed) await once(last, 'close')
    }
  })

  test('that reset, and overflow handlers that throw, end nothing but themselves', async () => {
    const pool = createListenerPool()
    const onOverflow = () => {
      throw new Error('oops')
    }
    const [listener] = await adopt(pool, {}, [
      request('a', greets('hello'), { maxConnections: 1, onOverflow }),
    ])
    const first = await client(listener?.port ?? 0)
    await once(first, 'data')
    const second = await client(listener?.port ?? 0)
    second.on('error', () => undefined)
    await once(second, 'close')
    first.resetAndDestroy()
    await once(first, 'close')
    await vi.waitFor(async () => expect(await greeting(listener?.port ?? 0)).toBe('hello'))
  })
})
