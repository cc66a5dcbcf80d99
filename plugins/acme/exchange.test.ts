import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestAuthority } from '../../test/support/acme/acme-ca.ts'
import { createExchange, type Exchange, retryAfter } from './exchange.ts'

const clock = fakeClock()
let server: Server
let url: string
let exchange: Exchange

beforeEach(async () => {
  const authority = await createTestAuthority()
  server = createServer(await authority.serverKeys('localhost'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  exchange = createExchange(clock, authority.certificate)
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const { signal } = new AbortController()

test('status, headers and text', async () => {
  server.on('request', (request, response) => {
    expect(request.headers['user-agent']).toContain('Mailwright')
    response.writeHead(201, { 'retry-after': '3' }).end('made')
  })
  const answer = await exchange({ url, method: 'GET', signal })
  expect(answer).toMatchObject({ status: 201, text: 'made', headers: { 'retry-after': '3' } })
})

test.each([
  ['says nothing', () => undefined],
  ['stops in the middle', (response: import('node:http').ServerResponse) => response.write('half')],
])('a server that %s is given up', async (_what, answer) => {
  const asked = once(server, 'request')
  server.on('request', (_request, response) => void answer(response))
  const waiting = exchange({ url, method: 'GET', signal })
  await asked
  clock.advance(30_000)
  await expect(waiting).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
    cause: { message: 'it takes too long' },
  })
})

test('nobody waits any longer than the caller', async () => {
  const ended = new AbortController()
  const asked = once(server, 'request')
  const waiting = exchange({ url, method: 'POST', body: '{}', signal: ended.signal })
  await asked
  ended.abort(new Error('the server stops'))
  await expect(waiting).rejects.toMatchObject({ cause: { message: 'the server stops' } })
})

test('how long to wait', () => {
  const now = Date.UTC(2026, 0, 1)
  const wait = (text: string | undefined) =>
    retryAfter({ headers: text === undefined ? {} : { 'retry-after': text } }, now)
  expect(wait(undefined)).toBeUndefined()
  expect(wait('120')).toBe(120_000)
  expect(wait('Thu, 01 Jan 2026 01:00:00 GMT')).toBe(3_600_000)
  expect(wait('Thu, 01 Jan 2015 01:00:00 GMT')).toBe(0)
  expect(wait('9999999999')).toBe(7 * 24 * 60 * 60 * 1000)
  for (const nonsense of ['', 'soon', '-5x', '1e99']) expect(wait(nonsense)).toBeUndefined()
})
