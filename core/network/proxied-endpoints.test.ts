import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../errors.ts'
import { parseNetwork } from '../model/network.ts'
import { readOptions } from '../options.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { memoryConnection } from '../testing/memory-connection.ts'
import { socketEndpoints, socketFileEndpoints } from './endpoints.ts'
import {
  expectsProxyHeader,
  type ProxyOptions,
  proxiedEndpoints,
  readProxyOptions,
} from './proxied-endpoints.ts'

const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 8080 25\r\n'
const ends = { remote: { address: '192.0.2.7', port: 8080 }, local: { address: '198.51.100.1', port: 25 } }
const proxy: ProxyOptions = { from: [], timeout: 5_000 }

function connected() {
  const clock = fakeClock()
  const { client, server } = memoryConnection({ clock })
  client.on('error', () => undefined)
  return { clock, client, server, outcome: proxiedEndpoints(server, socketEndpoints(server), proxy, clock) }
}

/** Writes octets in pieces, each in a turn of its own. */
async function trickle(client: Duplex, octets: Buffer, cuts: readonly number[]): Promise<void> {
  let start = 0
  for (const cut of [...cuts, octets.length]) {
    if (cut > start) client.write(octets.subarray(start, cut))
    start = Math.max(start, cut)
    for (let count = 0; count < 3; count++) await turn()
  }
}

async function rest(server: Socket): Promise<string> {
  const chunks: Buffer[] = []
  server.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(server, 'end')
  return Buffer.concat(chunks).toString()
}

describe('proxiedEndpoints', () => {
  test('however it is cut, the header says who is there and what follows is left', async () => {
    const whole = Buffer.from(`${header}EHLO client\r\nQUIT\r\n`)
    // A fixed sequence (Lehmer), so that a failure can be repeated.
    let state = 7
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let round = 0; round < 60; round++) {
      const { client, server, outcome, clock } = connected()
      const cuts = Array.from({ length: random(6) }, () => random(whole.length)).sort((a, b) => a - b)
      const sent = trickle(client, whole, round === 0 ? [...whole.keys()] : cuts)
      expect(await outcome).toEqual({ ...ends, proxy: socketEndpoints(server).remote })
      void sent.then(() => client.end())
      expect(await rest(server)).toBe('EHLO client\r\nQUIT\r\n')
      expect(clock.waiting).toBe(0)
    }
  })

  test('a proxy that speaks for itself leaves the ends as they are', async () => {
    const { client, server, outcome } = connected()
    client.write('PROXY UNKNOWN\r\n')
    expect(await outcome).toEqual(socketEndpoints(server))
  })

  test.each([
    [header.slice(0, 20), 'it ended in the PROXY header'],
    ['', undefined],
  ])('the other side may go: %j', async (text, problem) => {
    const { client, outcome, clock } = connected()
    client.end(text)
    expect(await outcome).toEqual({ problem })
    expect(clock.waiting).toBe(0)
  })

  test('a connection that is cut', async () => {
    const { server, outcome } = connected()
    server.destroy()
    expect(await outcome).toEqual({ problem: undefined })
  })

  test('the deadline is for all of it', async () => {
    const { client, outcome, clock } = connected()
    for (const letter of header.slice(0, 30)) {
      client.write(letter)
      for (let count = 0; count < 3; count++) await turn()
      clock.advance(150)
    }
    clock.advance(500)
    expect(await outcome).toEqual({ problem: 'no PROXY header in time' })
  })

  test('anything else is a fault at once', async () => {
    const { client, outcome } = connected()
    client.write('EHLO client\r\n')
    expect(await outcome).toEqual({ problem: 'no PROXY header' })
  })
})

test('expectsProxyHeader', () => {
  const network = parseNetwork('10.0.0.0/8')
  const from = network === undefined ? [] : [network]
  const at = (address: string) => ({ remote: { address, port: 1 }, local: { address: '10.0.0.1', port: 25 } })
  expect(expectsProxyHeader({ from, timeout: 1 }, at('10.9.9.9'))).toBe(true)
  expect(expectsProxyHeader({ from, timeout: 1 }, at('192.0.2.1'))).toBe(false)
  expect(expectsProxyHeader(undefined, at('10.9.9.9'))).toBe(false)
  expect(expectsProxyHeader(proxy, socketFileEndpoints('/run/mail.sock'))).toBe(true)
})

describe('readProxyOptions', () => {
  const parse = (proxy: unknown, isSocketFile = false) => {
    const read = readOptions(proxy === undefined ? {} : { proxy })
    return read.done({ proxy: readProxyOptions(read, isSocketFile) }).proxy
  }

  test('what it takes', () => {
    expect(parse(undefined)).toBeUndefined()
    expect(parse({ from: ['10.0.0.0/8', '::1'] })).toMatchObject({ timeout: 5_000, from: [{}, {}] })
    expect(parse({ timeout: '3s' }, true)).toEqual({ timeout: 3_000, from: [] })
  })

  test('what it refuses', () => {
    expect(() => parse({ from: [] })).toThrow('proxy.from: must name the addresses of the proxies')
    expect(() => parse({ from: ['::1'] }, true)).toThrow('proxy.from: has no meaning on a Unix socket')
    expect(() => parse({ from: ['10.0.0.1/8'] })).toThrow(ConfigError)
  })
})
