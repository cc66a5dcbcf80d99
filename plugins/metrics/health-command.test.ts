import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { healthCommand } from './health-command.ts'
import { parseOptions } from './options.ts'

let server: Server | undefined
let seen: string | undefined

afterEach(() => {
  server?.close()
  server?.closeAllConnections()
})

async function answering(answer: RequestListener): Promise<number> {
  server = createServer((request, response) => {
    seen = request.headers.authorization
    answer(request, response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const run = (input: object) => healthCommand(parseOptions(input)).run({ arguments: [], options: {} })
const report = (state: string) =>
  JSON.stringify({ state, checks: [{ name: 'p/a', state, reason: 'why', milliseconds: 1 }] })

test.each([
  [200, 'pass', 0, 'ready\npass  p/a  why'],
  [200, 'warn', 0, 'ready\nwarn  p/a  why'],
  [503, 'fail', 1, 'not ready\nfail  p/a  why'],
])('%d with %s: exit code %d', async (status, state, exitCode, text) => {
  const port = await answering((_, response) => response.writeHead(status).end(report(state)))
  expect(await run({ port })).toMatchObject({ exitCode, text, json: { state } })
  expect(seen).toBeUndefined()
})

test('has the token with it, and finds a server that listens everywhere', async () => {
  const port = await answering((_, response) => response.end(report('pass')))
  expect(await run({ host: '0.0.0.0', port, token: 'a-token-that-is-long' })).toMatchObject({ exitCode: 0 })
  expect(seen).toBe('Bearer a-token-that-is-long')
})

test.each<[string, RequestListener]>([
  ['refuses', (_, response) => response.writeHead(401).end('no')],
  ['says what is no report', (_, response) => response.end('{}')],
  ['says what is no JSON', (_, response) => response.end('<html>')],
  ['says too much', (_, response) => response.end('x'.repeat(300_000))],
  ['hangs up', (_, response) => void response.destroy()],
])('a server that %s: MAIL_E_UNAVAILABLE', async (_, answer) => {
  await expect(run({ port: await answering(answer) })).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
})

test('nobody there, and a port that nobody knows', async () => {
  const port = await answering(() => undefined)
  server?.close()
  await expect(run({ port })).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await expect(run({ port: 0 })).rejects.toMatchObject({ code: 'MAIL_E_UNSUPPORTED' })
  await expect(run({ path: '/nowhere/at/all' })).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
})
