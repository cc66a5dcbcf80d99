import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Answer, type DecodedPacket, decode, encode, type Packet } from 'dns-packet'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { createDnsClient } from './client.ts'

const address: Answer = { type: 'A', name: 'a.example', ttl: 60, data: '192.0.2.1' }
const truncated = 1 << 9
const authenticated = 1 << 5

interface Asked {
  readonly query: DecodedPacket
  readonly over: 'udp' | 'tcp'
  readonly from: RemoteInfo | undefined
}

/** What a server sends: nothing, or one packet or several. */
type Behaviour = (asked: Asked) => Packet | Buffer | readonly (Packet | Buffer)[] | undefined

interface TestServer extends AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly trusted: boolean
  readonly asked: Asked[]
}

function packetsOf(given: ReturnType<Behaviour>, query: DecodedPacket): readonly Buffer[] {
  const list = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return list.map((each: Packet | Buffer) => (Buffer.isBuffer(each) ? each : response(query, each)))
}

function response(query: DecodedPacket, packet: Packet): Buffer {
  const { flags = 0, ...rest } = packet
  return encode({ id: query.id ?? 0, type: 'response', questions: query.questions ?? [], ...rest, flags })
}

/** With a status, which dns-packet does not write. */
function failing(query: DecodedPacket, status: number): Buffer {
  const packet = response(query, {})
  packet[3] = ((packet[3] ?? 0) & 0xf0) | status
  return packet
}

/** Both kinds of socket on one port, where another process may have one of them. */
async function onePort(tcp: Server): Promise<{ udp: UdpSocket; port: number }> {
  for (;;) {
    const udp = createSocket('udp4')
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    const { port } = udp.address()
    tcp.listen(port, '127.0.0.1')
    const isFree = await once(tcp, 'listening').then(
      () => true,
      () => false,
    )
    if (isFree) return { udp, port }
    udp.close()
  }
}

/** A server on UDP and TCP that behaves so. */
async function server(behave: Behaviour, trusted = true): Promise<TestServer> {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const tcp = createServer()
  const { udp, port } = await onePort(tcp)
  udp.on('message', (packet, from) => {
    const query = decode(packet)
    asked.push({ query, over: 'udp', from })
    for (const each of packetsOf(behave({ query, over: 'udp', from }), query))
      udp.send(each, from.port, from.address)
  })
  tcp.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', (chunk) => {
      const query = decode(chunk.subarray(2))
      asked.push({ query, over: 'tcp', from: undefined })
      const packets = packetsOf(behave({ query, over: 'tcp', from: undefined }), query)
      if (packets.length === 0) socket.end()
      for (const each of packets) {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(each.length)
        for (const octet of [...length, ...each.subarray(0, 40)]) socket.write(Buffer.of(octet))
        socket.write(each.subarray(40))
      }
    })
  })
  return {
    address: '127.0.0.1',
    port,
    trusted,
    asked,
    async [Symbol.asyncDispose]() {
      udp.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => tcp.close(resolve))
    },
  }
}

const found = { kind: 'told', nameMissing: false, records: [expect.objectContaining({ data: '192.0.2.1' })] }

function clientOf(...servers: readonly TestServer[]): ReturnType<typeof createDnsClient> {
  return createDnsClient({ clock: systemClock, servers: () => servers })
}

describe('an answer', () => {
  test('comes over UDP, each time with another number and port', async () => {
    await using one = await server(() => ({ answers: [address] }))
    const client = clientOf(one)
    for (let count = 0; count < 20; count++) expect(await client.ask('a.example', 'A')).toMatchObject(found)
    expect(new Set(one.asked.map(({ query }) => query.id)).size).toBeGreaterThan(15)
    expect(new Set(one.asked.map(({ from }) => from?.port)).size).toBeGreaterThan(10)
  })

  test('is secure where a server that is believed says so', async () => {
    await using trusted = await server(() => ({ answers: [address], flags: authenticated }))
    await using stranger = await server(() => ({ answers: [address], flags: authenticated }), false)
    await using silent = await server(() => ({ answers: [address] }))
    expect(await clientOf(trusted).ask('a.example', 'A')).toMatchObject({ secure: true })
    expect(await clientOf(stranger).ask('a.example', 'A')).toMatchObject({ secure: false })
    expect(await clientOf(silent).ask('a.example', 'A')).toMatchObject({ secure: false })
  })

  test('that is too long comes over TCP, in pieces', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `${index}${'x'.repeat(200)}`)
    const answers = texts.map((data): Answer => ({ type: 'TXT', name: 'a.example', data }))
    await using one = await server(({ over }) => (over === 'udp' ? { flags: truncated } : { answers }))
    const told = await clientOf(one).ask('a.example', 'TXT')
    expect(told).toMatchObject({ kind: 'told' })
    expect(told.kind === 'told' && told.records).toHaveLength(200)
    expect(one.asked.map(({ over }) => over)).toEqual(['udp', 'tcp'])
  })

  test('that the name does not exist is one', async () => {
    await using one = await server(({ query }) => failing(query, 3))
    expect(await clientOf(one).ask('a.example', 'A')).toMatchObject({
      kind: 'told',
      nameMissing: true,
      records: [],
    })
  })

  test('is waited for while forged ones come', async () => {
    await using one = await server(({ query }) => [
      response(
        { ...query, id: ((query.id ?? 0) + 1) & 0xffff },
        { answers: [{ ...address, data: '203.0.113.9' } as Answer] },
      ),
      response(
        { ...query, questions: [{ name: 'b.example', type: 'A' }] },
        { answers: [{ ...address, data: '203.0.113.9' } as Answer] },
      ),
      Buffer.alloc(3),
      { answers: [address] },
    ])
    expect(await clientOf(one).ask('a.example', 'A')).toMatchObject(found)
  })

  test('of another address is never seen', async () => {
    const forger = createSocket('udp4')
    forger.bind(0, '127.0.0.1')
    await once(forger, 'listening')
    await using one = await server(({ query, from }) => {
      const forged = response(query, { answers: [{ ...address, data: '203.0.113.9' } as Answer] })
      forger.send(forged, from?.port ?? 0, '127.0.0.1')
      return undefined
    })
    await using two = await server(() => ({ answers: [address] }))
    const clock = fakeClock()
    const asking = createDnsClient({ clock, servers: () => [one, two] }).ask('a.example', 'A')
    await vi.waitFor(() => expect(one.asked).toHaveLength(1))
    clock.advance(3_000)
    expect(await asking).toMatchObject(found)
    forger.close()
  })

  test('is given without EDNS to a server that does not know it', async () => {
    await using one = await server(({ query }) =>
      (query.additionals?.length ?? 0) > 0 ? failing(query, 1) : { answers: [address] },
    )
    expect(await clientOf(one).ask('a.example', 'A')).toMatchObject(found)
  })
})

describe('another server is asked', () => {
  test.each<[string, Behaviour]>([
    ['fails', ({ query }) => failing(query, 2)],
    ['refuses', ({ query }) => failing(query, 5)],
    ['talks nonsense', ({ query }) => Buffer.concat([response(query, {}), Buffer.alloc(1)])],
    ['says that all is too long', () => ({ flags: truncated })],
    ['closes the connection', ({ over }) => (over === 'udp' ? { flags: truncated } : undefined)],
    [
      'only forges',
      ({ query }) => Array.from({ length: 70 }, () => response({ ...query, id: (query.id ?? 0) ^ 1 }, {})),
    ],
  ])('where one %s', async (_, behaviour) => {
    await using bad = await server(behaviour)
    await using good = await server(() => ({ answers: [address] }))
    expect(await clientOf(bad, good).ask('a.example', 'A')).toMatchObject(found)
    expect(good.asked).toHaveLength(1)
  })

  test('where nobody listens', async () => {
    const gone = await server(() => undefined)
    await gone[Symbol.asyncDispose]()
    await using good = await server(() => ({ answers: [address] }))
    expect(await clientOf(gone, good).ask('a.example', 'A')).toMatchObject(found)
  })
})

describe('a failure', () => {
  test('is what the servers said twice', async () => {
    await using one = await server(({ query }) => failing(query, 2))
    expect(await clientOf(one).ask('a.example', 'A')).toEqual({ kind: 'failed', text: 'SERVFAIL' })
    expect(one.asked).toHaveLength(2)
  })

  test('is silence, not without end', async () => {
    const clock = fakeClock()
    await using one = await server(() => undefined)
    const asking = createDnsClient({ clock, servers: () => [one] }).ask('a.example', 'A')
    await vi.waitFor(() => expect(one.asked).toHaveLength(1))
    clock.advance(3_000)
    await vi.waitFor(() => expect(one.asked).toHaveLength(2))
    clock.advance(5_000)
    expect(await asking).toEqual({ kind: 'failed', text: 'timeout' })
    expect(clock.waiting).toBe(0)
  })

  test('is that there are no servers', async () => {
    expect(await clientOf().ask('a.example', 'A')).toEqual({ kind: 'failed', text: 'no server is known' })
  })

  test('is also an address that cannot be reached at all', async () => {
    const strange = { address: '255.255.255.255', port: 9, trusted: false }
    const client = createDnsClient({ clock: systemClock, servers: () => [strange] })
    expect(await client.ask('a.example', 'A')).toMatchObject({ kind: 'failed', text: 'unreachable' })
  })
})

test('many questions wait for their turn', async () => {
  await using one = await server(() => ({ answers: [address] }))
  const client = clientOf(one)
  const told = await Promise.all(Array.from({ length: 600 }, () => client.ask('a.example', 'A')))
  for (const each of told) expect(each).toMatchObject(found)
})

test('names whose servers are dead make no other one wait for long', async () => {
  const clock = fakeClock()
  await using one = await server(({ query }) =>
    query.questions?.[0]?.name.startsWith('dead') === true ? undefined : { answers: [address] },
  )
  const client = createDnsClient({ clock, servers: () => [one] })
  const dead = Array.from({ length: 600 }, (_, index) => client.ask(`dead${index}.example`, 'A'))
  let isTold = false
  const told = client.ask('a.example', 'A').finally(() => {
    isTold = true
  })
  await vi.waitFor(() => expect(one.asked).toHaveLength(256))
  for (let times = 0; times < 2; times++) {
    clock.advance(500)
    await vi.waitFor(() => expect(one.asked).toHaveLength(times === 0 ? 512 : 601))
  }
  await vi.waitFor(() => expect(isTold).toBe(true))
  expect(await told).toMatchObject(found)
  let given = 0
  for (const each of dead) void each.then(() => given++)
  const allGiven = () => {
    clock.advance(1_000)
    expect(given).toBe(dead.length)
  }
  await vi.waitFor(allGiven, { timeout: 30_000, interval: 5 })
  for (const each of await Promise.all(dead)) expect(each).toEqual({ kind: 'failed', text: 'timeout' })
})
