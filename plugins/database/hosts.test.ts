import { errorCode } from 'mailwright'
import { type CapturedLog, capturedLog, type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { Hosts } from './hosts.ts'

type State = 'writable' | 'read-only' | 'dead'

interface Connection {
  readonly host: string
}

let clock: FakeClock
let captured: CapturedLog
let states: Record<string, State>
let tried: string[]
let closed: string[]

beforeEach(() => {
  clock = fakeClock()
  captured = capturedLog()
  tried = []
  closed = []
})

function hostsOf(given: Record<string, State>): Hosts<string, Connection> {
  states = given
  return new Hosts<string, Connection>({
    hosts: Object.keys(given),
    nameOf: (host) => host,
    async open(host) {
      tried.push(host)
      if (states[host] === 'dead') throw new Error(`${host} is dead`)
      return { connection: { host }, isReadOnly: states[host] === 'read-only' }
    },
    close: ({ host }) => void closed.push(host),
    clock,
    log: captured,
    random: () => 0.5,
  })
}

/** The server that a new connection leads to, and those that were tried for it. */
async function connect(hosts: Hosts<string, Connection>): Promise<string> {
  tried = []
  const { host } = await hosts.connect()
  return `${host} of ${tried.join(', ')}`
}

describe('several servers', () => {
  it('the first that can be written to is taken', async () => {
    expect(await connect(hostsOf({ a: 'writable', b: 'writable' }))).toBe('a of a')
    expect(await connect(hostsOf({ a: 'read-only', b: 'writable' }))).toBe('b of a, b')
    expect(closed).toEqual(['a'])
    expect(await connect(hostsOf({ a: 'dead', b: 'read-only', c: 'writable' }))).toBe('c of a, b, c')
  })

  it('a dead one is left alone for a while, longer each time, and then tried once', async () => {
    const hosts = hostsOf({ a: 'dead', b: 'writable' })
    for (const rest of [5000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(await connect(hosts)).toBe('b of a, b')
      expect(await connect(hosts)).toBe('b of b')
      clock.advance(rest - 1)
      expect(await connect(hosts)).toBe('b of b')
      clock.advance(1)
    }
    // Several at once: only one pays for the try.
    tried = []
    await Promise.all([hosts.connect(), hosts.connect()])
    expect(tried.toSorted()).toEqual(['a', 'b', 'b'])
    states.a = 'writable'
    clock.advance(60_000)
    expect(await connect(hosts)).toBe('a of a')
    expect(await connect(hosts)).toBe('a of a')
    expect(captured.lines.map(({ event, host }) => [event, host])).toEqual([
      ['unavailable', 'a'],
      ['recovered', 'a'],
    ])
  })

  it('all are tried where all are resting', async () => {
    const hosts = hostsOf({ a: 'dead', b: 'dead' })
    for (let time = 0; time < 3; time++) {
      tried = []
      const error = await hosts.connect().catch((caught) => caught)
      expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
      expect(error.cause.message).toBe('b is dead')
      expect(tried).toEqual(['a', 'b'])
    }
    states.b = 'writable'
    expect(await connect(hosts)).toBe('b of a, b')
  })

  it('one that is read-only is better than none, and does not make others wait for the dead', async () => {
    const hosts = hostsOf({ a: 'dead', b: 'read-only', c: 'read-only' })
    expect(await connect(hosts)).toBe('b of a, b, c')
    expect(closed).toEqual(['c'])
    expect(await connect(hosts)).toBe('b of b, c')
    states.c = 'writable'
    expect(await connect(hosts)).toBe('c of b, c')
  })

  it('a server that turns read-only is left for another one', async () => {
    const hosts = hostsOf({ a: 'writable', b: 'writable' })
    const connection = await hosts.connect()
    hosts.noteReadOnly(connection)
    states.a = 'read-only'
    expect(await connect(hosts)).toBe('b of b')
    clock.advance(1999)
    expect(hosts.isCurrent(connection)).toBe(true)
    clock.advance(1)
    expect(hosts.isCurrent(connection)).toBe(false)
    clock.advance(3000)
    states.a = 'writable'
    expect(await connect(hosts)).toBe('a of a')
    expect(captured.lines.map(({ event, host }) => [event, host])).toEqual([
      ['unavailable', 'a'],
      ['recovered', 'a'],
    ])
  })

  it('a connection to a second choice makes way when the first may answer again', async () => {
    const hosts = hostsOf({ a: 'dead', b: 'writable' })
    const connection = await hosts.connect()
    clock.advance(29_999)
    expect(hosts.isCurrent(connection)).toBe(true)
    clock.advance(1)
    expect(hosts.isCurrent(connection)).toBe(false)
    await hosts.connect()
    expect(hosts.isCurrent(connection)).toBe(true)
  })

  it('the only server is tried each time, and its outages are told elsewhere', async () => {
    const hosts = hostsOf({ a: 'dead' })
    for (let time = 0; time < 3; time++) await expect(hosts.connect()).rejects.toThrow('no connection')
    expect(tried).toEqual(['a', 'a', 'a'])
    expect(captured.lines).toEqual([])
    states.a = 'read-only'
    const connection = await hosts.connect()
    clock.advance(1_000_000)
    expect(hosts.isCurrent(connection)).toBe(true)
    states.a = 'writable'
    await hosts.connect()
    expect(captured.lines.map(({ event }) => event)).toEqual(['unavailable', 'recovered'])
  })
})
