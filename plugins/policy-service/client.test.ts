import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Clock, errorCode, errorText, systemClock } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PolicyClient } from './client.ts'
import type { AskingLimits } from './options.ts'

type Behaviour = (socket: Socket, request: string, count: number) => void

const limits: AskingLimits = {
  timeout: 5000,
  tries: 2,
  retryDelay: 0,
  maxConnections: 3,
  maxIdle: 60_000,
  maxTtl: 600_000,
}
const answering: Behaviour = (socket, request) =>
  void socket.write(`action=${request.includes('no') ? 'REJECT' : 'DUNNO'}\n\n`)

const servers: Server[] = []
const clients: PolicyClient[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

interface Asked {
  readonly client: PolicyClient
  readonly requests: string[]
  connections(): number
}

async function system(behaviour: Behaviour, given: Partial<AskingLimits> = {}, clock: Clock = systemClock) {
  const requests: string[] = []
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const request = text.slice(0, end)
        text = text.slice(end + 2)
        requests.push(request)
        behaviour(socket, request, requests.length)
      }
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = new PolicyClient(() => connect({ host: '127.0.0.1', port }), { ...limits, ...given }, clock)
  clients.push(client)
  return { client, requests, connections: () => connections } satisfies Asked
}

const never = new AbortController().signal
const ask = (client: PolicyClient, text = 'a=b', signal = never): Promise<string> =>
  client.ask(`${text}\n\n`, signal)

describe('connections', () => {
  it('are kept and used again', async () => {
    const { client, requests, connections } = await system(answering)
    for (const text of ['a=1', 'a=no', 'a=3']) await ask(client, text)
    expect([requests, connections()]).toEqual([['a=1', 'a=no', 'a=3'], 1])
  })

  it('are as many as are allowed, and each answer is for its question', async () => {
    const { client, connections } = await system((socket, request) => {
      setTimeout(() => socket.write(`action=${request}\n\n`), Number(request) % 3)
    })
    const texts = Array.from({ length: 50 }, (_, index) => String(index))
    expect(await Promise.all(texts.map((text) => ask(client, text)))).toEqual(texts)
    expect(connections()).toBe(3)
  })

  it('end when nobody needs them, or when they are old', async () => {
    const clock = fakeClock()
    const { client, connections } = await system(answering, { maxIdle: 1000, maxTtl: 1500 }, clock)
    await ask(client)
    clock.advance(900)
    await ask(client)
    expect(connections()).toBe(1)
    clock.advance(1000)
    await ask(client)
    expect(connections()).toBe(2)
    clock.advance(900)
    await ask(client)
    clock.advance(900)
    // Older than maxTtl: it is not kept any more.
    await ask(client)
    await ask(client)
    expect(connections()).toBe(3)
  })

  it('that the server has closed meanwhile are no failure', async () => {
    const { client, connections } = await system(
      (socket, request, count) => (count === 2 ? void socket.destroy() : answering(socket, request, count)),
      { tries: 1 },
    )
    expect([await ask(client), await ask(client)]).toEqual(['DUNNO', 'DUNNO'])
    expect(connections()).toBe(2)
  })

  it('are given up where the server says something unasked', async () => {
    let first: Socket | undefined
    const { client, connections } = await system((socket, request, count) => {
      answering(socket, request, count)
      first ??= socket
    })
    await ask(client)
    first?.write('action=OK\n\n')
    await vi.waitFor(() => expect(first?.destroyed).toBe(true))
    expect(await ask(client, 'a=no')).toBe('REJECT')
    expect(connections()).toBe(2)
  })
})

describe('an answer', () => {
  it.each([
    ['in pieces', ['act', 'ion=DUN', 'NO\n', '\n'], 'DUNNO'],
    ['with CRLF', ['action=REJECT no\r\n\r\n'], 'REJECT no'],
    ['with further attributes', ['x=y\naction=OK\naction=REJECT\nz=\n\n'], 'OK'],
  ])('may come %s', async (_, pieces, expected) => {
    const { client } = await system(async (socket) => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })
    expect(await ask(client)).toBe(expected)
  })

  it.each<[string, Behaviour, string]>([
    ['empty', (socket) => void socket.write('\n'), 'no action'],
    ['without an action', (socket) => void socket.write('result=OK\n\n'), 'no action'],
    ['more than one', (socket) => void socket.write('action=OK\n\naction=OK\n\n'), 'more than'],
    ['endless', (socket) => void socket.write('x'.repeat(100_000)), 'too long'],
    ['cut off', (socket) => void socket.end('action=OK\n'), 'without an answer'],
    ['missing', (socket) => void socket.destroy(), ''],
  ])('that is %s is none, however often it is tried', async (_, behaviour, text) => {
    const { client, requests } = await system(behaviour)
    const error = await ask(client).catch((caught) => caught)
    expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    expect(errorText(error)).toContain(text)
    expect(requests).toHaveLength(2)
  })

  it('is had at the second attempt', async () => {
    const { client } = await system((socket, request, count) =>
      count === 1 ? void socket.destroy() : answering(socket, request, count),
    )
    expect(await ask(client, 'no')).toBe('REJECT')
  })

  it('that is late is not waited for, and not taken for the next one', async () => {
    const clock = fakeClock()
    let late: Socket | undefined
    const { client, requests } = await system(
      (socket, request, count) => {
        if (count === 1) late = socket
        else answering(socket, request, count)
      },
      { tries: 1 },
      clock,
    )
    const first = ask(client).catch(errorText)
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    clock.advance(5000)
    expect(await first).toContain('in time')
    late?.write('action=OK\n\n')
    expect(await ask(client, 'a=no')).toBe('REJECT')
  })

  it('is not waited for when the session is over', async () => {
    const { client, requests } = await system(() => undefined)
    const gone = new AbortController()
    const asked = ask(client, 'a', gone.signal).catch(errorCode)
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    gone.abort()
    expect(await asked).toBe('MAIL_E_UNAVAILABLE')
    expect(await ask(client, 'a', gone.signal).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
    expect(requests).toHaveLength(1)
  })

  it('is not waited for where all connections hang', async () => {
    const clock = fakeClock()
    const { client, requests } = await system(() => undefined, { tries: 1 }, clock)
    const asked = Array.from({ length: 5 }, () => ask(client).catch(errorCode))
    await vi.waitFor(() => expect(requests).toHaveLength(3))
    clock.advance(5000)
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['MAIL_E_UNAVAILABLE']))
  })

  it('cannot come where nobody listens, or after the end', async () => {
    const { client } = await system(answering)
    const nobody = new PolicyClient(() => connect({ path: '/nonexistent/socket' }), limits, systemClock)
    expect(await ask(nobody).catch(errorText)).toContain('ENOENT')
    client.close()
    expect(await ask(client).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
  })
})
