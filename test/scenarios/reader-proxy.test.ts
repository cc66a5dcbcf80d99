import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HistoryEntry, PluginInstance } from 'mailwright'
import type { ProxyInput } from 'mailwright/network'
import certificates from 'mailwright/plugins/certificates'
import guard from 'mailwright/plugins/guard'
import imap from 'mailwright/plugins/imap'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { watchedClock } from '../support/watched-clock.ts'
import { Wire, wireTo } from '../support/wire.ts'

const login = 'tim@example.org'
const password = 'correct-horse'
const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 993\r\n'
const ends = { remote: { address: '192.0.2.7', port: 40_000 }, local: { address: '198.51.100.1', port: 993 } }
const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c63364019c4003e1', 'hex')
const trusted: ProxyInput = { from: ['127.0.0.0/8'] }

let host: TestHost
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await host.stop()
})

interface Limits {
  readonly proxy?: ProxyInput
  readonly maxConnections?: number
  readonly maxConnectionsPerAddress?: number
}

async function start(
  limits: Limits = { proxy: trusted },
  plugins: readonly PluginInstance[] = [],
  clock = watchedClock(),
) {
  const options = { port: 0, allowPlaintextLogin: true, ...limits }
  host = await createTestHost({
    sockets: true,
    drainTimeout: '30s',
    clock,
    plugins: [
      memoryAccounts({ accounts: [{ address: login, password }] }),
      memoryStore({}),
      certificates(),
      ...plugins,
      imap(options),
      imap({ ...options, implicitTls: true }, { as: 'imaps' }),
      pop3(options),
      pop3({ ...options, implicitTls: true }, { as: 'pop3s' }),
    ],
  })
  return clock
}

function portOf(name: string): number {
  return host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
}

function knock(name: string): Wire {
  const wire = wireTo(portOf(name))
  wires.push(wire)
  return wire
}

/** TLS behind the header, in the same packet or not. */
async function secured(name: string, how: 'together' | 'apart'): Promise<Wire> {
  const raw = connect(portOf(name), '127.0.0.1')
  if (how === 'together') raw.cork()
  raw.write(header)
  if (how === 'apart') await once(raw, 'connect')
  const wire = new Wire(connectTls({ socket: raw, rejectUnauthorized: false }))
  if (how === 'together') setImmediate(() => raw.uncork())
  wires.push(wire)
  return wire
}

async function connected(): Promise<readonly HistoryEntry['facts'][]> {
  return (await host.history()).filter(({ verb }) => verb === 'connected').map(({ facts }) => facts)
}

const warnings = () => host.log.lines.filter(({ event }) => event === 'protocol-error')

describe.each([
  {
    name: 'imap',
    greeting: /^\* OK \[CAPABILITY IMAP4rev2 /,
    logIn: async (wire: Wire, secret: string) =>
      (await wire.ask(`a LOGIN ${login} ${secret}`)).startsWith('a OK'),
    startTls: 'a STARTTLS',
    tooMany: /^\* BYE Too many connections from your address/,
    overflow: /^\* BYE \[UNAVAILABLE\] Too many connections/,
    early: 'a NOOP\r\n',
  },
  {
    name: 'pop3',
    greeting: /^\+OK /,
    logIn: async (wire: Wire, secret: string) => {
      await wire.ask(`USER ${login}`)
      return (await wire.ask(`PASS ${secret}`)).startsWith('+OK')
    },
    startTls: 'STLS',
    tooMany: /^-ERR \[SYS\/TEMP\] /,
    overflow: /^-ERR \[SYS\/TEMP\] Too many connections/,
    early: 'CAPA\r\n',
  },
])('$name behind a proxy', ({ name, greeting, logIn, startTls, tooMany, overflow, early }) => {
  test.each([
    ['version 1', Buffer.from(header)],
    ['version 2', binary],
  ])('%s says who the client is', async (_, octets) => {
    await start()
    const wire = knock(name).send(octets)
    expect(await wire.line()).toMatch(greeting)
    expect(await logIn(wire, password)).toBe(true)
    expect(await connected()).toMatchObject([ends])
    const history = await host.history()
    expect(
      history.find(({ text }) => text === 'the client is who the proxy at 127.0.0.1 says'),
    ).toMatchObject({ by: name })
  })

  test('that speaks for itself, the real ends hold', async () => {
    await start()
    for (const octets of ['PROXY UNKNOWN\r\n', Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')])
      expect(await knock(name).send(octets).line()).toMatch(greeting)
    const seen = await connected()
    expect(seen).toHaveLength(2)
    for (const facts of seen) expect(facts).toMatchObject({ remote: { address: '127.0.0.1' } })
  })

  test('nothing but a header is taken, and nothing is said', async () => {
    await start()
    for (const octets of [early, 'PROXY TCP4 192.0.2.7\r\n'])
      expect(await knock(name).send(octets).rest()).toBe('')
    expect(warnings()).toHaveLength(2)
    const silent = knock(name)
    await once(silent.socket, 'connect')
    silent.socket.end()
    expect(await silent.rest()).toBe('')
    expect(warnings()).toHaveLength(2)
    expect(await host.history()).toEqual([])
  })

  test('from anybody else a header is no header', async () => {
    await start({ proxy: { from: ['192.0.2.0/24'] } })
    const wire = knock(name)
    expect(await wire.line()).toMatch(greeting)
    expect(await wire.ask(header.trimEnd())).not.toMatch(greeting)
    expect(await connected()).toMatchObject([{ remote: { address: '127.0.0.1' } }])
  })

  test.each(['together', 'apart'] as const)('TLS begins behind the header, %s', async (how) => {
    await start()
    const wire = await secured(`${name}s`, how)
    expect(await wire.line()).toMatch(greeting)
    expect(await logIn(wire, password)).toBe(true)
    expect(await connected()).toMatchObject([ends])
  })

  test('TLS begins later', async () => {
    await start()
    const wire = knock(name).send(header)
    await wire.line()
    await wire.ask(startTls)
    const secure = await wire.secure()
    wires.push(secure)
    expect(await logIn(secure, password)).toBe(true)
  })

  test('limits are those of the stated address', async () => {
    await start({ proxy: trusted, maxConnectionsPerAddress: 1 })
    expect(await knock(name).send(header).line()).toMatch(greeting)
    expect(await knock(name).send(header).rest()).toMatch(tooMany)
    expect(await knock(name).send(header.replace('192.0.2.7', '192.0.2.8')).line()).toMatch(greeting)
  })

  test('guessing is that of the stated address', async () => {
    const guarding = guard({ neverBan: [], networkFailures: 1, firstDelay: 0 })
    const clock = await start({ proxy: trusted }, [guarding])
    const guessing = knock(name).send(header)
    await guessing.line()
    const wrong = logIn(guessing, 'wrong')
    await clock.armed(1_000)
    clock.advance(1_000)
    expect(await wrong).toBe(false)
    expect(await knock(name).send(header).line()).not.toMatch(greeting)
    const other = knock(name).send(header.replace('192.0.2.7', '203.0.113.9'))
    expect(await other.line()).toMatch(greeting)
    expect(await logIn(other, password)).toBe(true)
  })

  test('those who have said nothing count as connections', async () => {
    await start({ proxy: trusted, maxConnections: 1 })
    const first = knock(name)
    await once(first.socket, 'connect')
    expect(await knock(name).send(header).rest()).toMatch(overflow)
    expect(await first.send(header).line()).toMatch(greeting)
  })

  test('there is a deadline, and a stop does not wait for it', async () => {
    const clock = await start({ proxy: { from: ['127.0.0.1'], timeout: '4s' } })
    const late = knock(name).send(header.slice(0, 9))
    await clock.armed(4_000)
    clock.advance(4_000)
    expect(await late.rest()).toBe('')
    const waiting = knock(name).send(header.slice(0, 9))
    await clock.armed(4_000)
    await host.stop()
    expect(await waiting.rest()).toBe('')
  })
})
