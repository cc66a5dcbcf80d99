import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { definePlugin, type HealthProblem, noOptions } from 'mailwright'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import metrics, { type MetricsInput } from './index.ts'

let clock: FakeClock
let host: TestHost
let problem: HealthProblem | undefined
const sockets: Socket[] = []
const token = 'a-token-that-is-long'

/** Counts something, and is as well as the test says. */
const subject = definePlugin({
  name: 'subject',
  parseOptions: noOptions,
  setup({ metrics: registry, health }) {
    const seen = registry.counter({
      name: 'subject_seen_total',
      help: 'Seen.',
      labels: ['who'],
      limit: 10_000,
    })
    for (let index = 0; index < 1_000; index++) seen.of(`who${index}`).add()
    health.check('state', async () => problem)
    return undefined
  },
})

async function start(options: MetricsInput = {}): Promise<number> {
  problem = undefined
  clock = fakeClock()
  const input = options.path === undefined ? { port: 0, ...options } : options
  host = await createTestHost({ plugins: [subject(), metrics(input)], clock, sockets: true })
  return host.listeners[0]?.port ?? 0
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await host.stop()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

function ask(
  where: number | string,
  path = '/metrics',
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const place = typeof where === 'string' ? { socketPath: where } : { port: where, host: '127.0.0.1' }
    const asked = request({ ...place, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
    })
    asked.on('error', reject).end()
  })
}

async function raw(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Resolves when it is closed, in whatever way. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function allOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

describe('the pages', () => {
  test('metrics, in the format that is asked for', async () => {
    const port = await start()
    const text = await ask(port)
    expect(text).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    })
    expect(text.body.toString()).toContain('\nsubject_seen_total{who="who7"} 1\n')
    const open = await ask(port, '/metrics?x=y', { headers: { accept: 'application/openmetrics-text' } })
    expect(open.headers['content-type']).toMatch(/^application\/openmetrics-text; version=1\.0\.0/)
    expect(open.body.toString()).toMatch(/\n# EOF\n$/)
  })

  test('compressed where that is taken', async () => {
    const port = await start()
    const packed = await ask(port, '/metrics', { headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).toString()).toContain('subject_seen_total{who="who7"} 1')
    const small = await ask(port, '/healthz', { headers: { 'accept-encoding': 'gzip' } })
    expect(small.headers['content-encoding']).toBeUndefined()
  })

  test('HEAD is GET without the text', async () => {
    const port = await start()
    const answer = await ask(port, '/metrics', { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(1_000)
    expect(answer.body).toHaveLength(0)
  })

  test('health: 200 also with a warning, 503 where something fails', async () => {
    const port = await start()
    const readiness = async () => {
      clock.advance(1_000)
      const { status, body } = await ask(port, '/readyz')
      return { status, ...(JSON.parse(body.toString()) as object) }
    }
    expect(await readiness()).toMatchObject({ status: 200, state: 'pass' })
    problem = { state: 'warn', reason: 'soon' }
    expect(await readiness()).toMatchObject({ status: 200, state: 'warn' })
    problem = { state: 'fail', reason: 'gone' }
    expect(await readiness()).toMatchObject({
      status: 503,
      state: 'fail',
      checks: expect.arrayContaining([
        { name: 'subject/state', state: 'fail', reason: 'gone', milliseconds: 0 },
      ]),
    })
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200 })
  })

  test.each([
    ['GET', '/', 404],
    ['GET', '/metrics/', 404],
    ['GET', '/__proto__', 404],
    ['GET', '//metrics', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/readyz', 405],
    ['OPTIONS', '*', 405],
  ])('%s %s is %d', async (method, path, status) => {
    expect(await ask(await start(), path, { method })).toMatchObject({ status })
  })
})

describe('who may ask', () => {
  test('with a token: whoever has it; everybody may see that we live', async () => {
    const port = await start({ token })
    for (const authorization of ['', 'Bearer', `Bearer ${token}x`, `Basic ${token}`, `Bearer ${token} x`]) {
      const answer = await ask(port, '/metrics', { headers: { authorization } })
      expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
      expect(answer.body.toString()).not.toContain(token)
    }
    expect(await ask(port, '/readyz')).toMatchObject({ status: 401 })
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200 })
    expect(await ask(port, '/metrics', { headers: { authorization: `bearer ${token}` } })).toMatchObject({
      status: 200,
    })
  })

  test('through a Unix socket: whoever may open it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-metrics-'))
    const path = join(folder, 'socket')
    await start({ path })
    expect(await ask(path, '/readyz')).toMatchObject({ status: 200 })
    await rm(folder, { recursive: true })
  })
})

describe('what is no request', () => {
  test.each([
    ['one that never ends', 'GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['nothing at all', ''],
  ])('%s is cut after five seconds, however busy', async (_, text) => {
    const socket = await raw(await start(), text)
    const closed = closing(socket)
    await ask(host.listeners[0]?.port ?? 0, '/healthz')
    clock.advance(3_000)
    socket.write('a')
    clock.advance(2_000)
    await closed
    expect(socket.destroyed).toBe(true)
  })

  test.each([
    ['too long a header', `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(10_000)}\r\n\r\n`],
    ['another protocol', 'EHLO client.example\r\n\r\n'],
    ['octets', '\0\u0001\u0016\u0003\u0001'.repeat(50)],
    ['two lengths', 'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ])('%s gets no answer', async (_, text) => {
    expect(await allOf(await raw(await start(), text))).toBe('')
  })

  test('a body is not read, and a second request not answered', async () => {
    const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\n'
    const text = await allOf(await raw(await start(), `${get}Content-Length: 9999999\r\n\r\nabc${get}\r\n`))
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
    const two = await allOf(await raw(host.listeners[0]?.port ?? 0, `${get}\r\n${get}\r\n`))
    expect(two.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
  })

  test('connections above the limit are closed', async () => {
    const port = await start()
    const many = await Promise.all(Array.from({ length: 32 }, () => raw(port, 'GET')))
    await expect(ask(port, '/healthz')).rejects.toThrow()
    for (const socket of many) socket.destroy()
    await expect
      .poll(() =>
        ask(port, '/healthz').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })
})

test('a stop waits for nobody', async () => {
  const socket = await raw(await start(), 'GET /metrics HTTP/1.1\r\n')
  const closed = closing(socket)
  await ask(host.listeners[0]?.port ?? 0, '/healthz')
  await host.stop()
  await closed
  expect(clock.waiting).toBe(0)
})
