import { randomBytes } from 'node:crypto'
import { type Duplex, duplexPair } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { DeflateTransport } from './deflate-transport.ts'

const opened: Duplex[] = []

afterEach(() => {
  for (const stream of opened.splice(0)) stream.destroy()
})

/** A transport and the stream at the other end of its carrier. */
function pair(early: Buffer = Buffer.alloc(0)) {
  const [carrier, far] = duplexPair()
  const clock = fakeClock()
  const transport = new DeflateTransport(carrier, early, clock)
  transport.on('error', () => undefined)
  far.on('error', () => undefined)
  opened.push(transport, carrier, far)
  return { transport, carrier, far, clock }
}

/** What one batch of a peer looks like: flushed, not ended (RFC 4978 §4). */
function flushed(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
}

function inflated(octets: Buffer): string {
  return inflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1')
}

/** Waits for something that comes about by itself. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn()
}

function gathered(stream: Duplex): { octets(): Buffer; pieces: number } {
  const chunks: Buffer[] = []
  const found = { octets: () => Buffer.concat(chunks), pieces: 0 }
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    found.pieces += 1
  })
  return found
}

describe('what is sent', () => {
  test('can be read as soon as it was written, batch by batch', async () => {
    const { transport, far } = pair()
    const sent = gathered(far)
    for (const line of ['* 1 EXISTS\r\n', '* 2 EXISTS\r\n']) {
      const before = sent.octets().length
      transport.write(line)
      await until(() => sent.octets().length > before && inflated(sent.octets()).endsWith(line))
    }
    expect(inflated(sent.octets())).toBe('* 1 EXISTS\r\n* 2 EXISTS\r\n')
  })

  test('is flushed once for everything that was written together', async () => {
    const { transport, far } = pair()
    const sent = gathered(far)
    transport.cork()
    for (let count = 0; count < 100; count += 1) transport.write(`* ${count} FETCH (UID ${count})\r\n`)
    transport.uncork()
    await until(() => sent.octets().length > 0 && inflated(sent.octets()).includes('99 FETCH (UID 99)\r\n'))
    // A flush is an empty stored block (RFC 1951 §3.2.4).
    expect(sent.octets().toString('latin1').split('\x00\x00\xff\xff')).toHaveLength(2)
  })

  test('waits for a client that does not read', async () => {
    const { transport, far } = pair()
    const incompressible = randomBytes(262_144)
    transport.write(incompressible)
    transport.write(incompressible)
    for (let round = 0; round < 500; round += 1) await turn()
    expect(transport.writableLength).toBeGreaterThanOrEqual(incompressible.length)
    expect(transport.writableNeedDrain).toBe(true)
    const drained = new Promise((resolve) => transport.once('drain', resolve))
    far.resume()
    await drained
    expect(transport.writableLength).toBe(0)
  })

  test('goes on after a rest, in which nothing is remembered', async () => {
    const { transport, far, clock } = pair()
    const sent = gathered(far)
    const line = '* 1 FETCH (ENVELOPE (NIL "Minutes of the meeting in March"))\r\n'
    const sizes: number[] = []
    for (const pause of [0, 0, 4_000, 30_000]) {
      clock.advance(pause)
      const before = sent.octets().length
      transport.write(line)
      await until(() => inflated(sent.octets()).split(line).length === sizes.length + 2)
      await until(() => transport.writableLength === 0)
      sizes.push(sent.octets().length - before)
    }
    const [first = 0, second = 0, third = 0, last = 0] = sizes
    expect(second).toBeLessThan(first / 2)
    expect(third).toBeLessThan(first / 2)
    expect(last).toBe(first)
    transport.destroy()
    await until(() => transport.closed)
    expect(clock.waiting).toBe(0)
  })

  test('ends with a last block, and then the carrier ends', async () => {
    const { transport, far } = pair()
    const sent = gathered(far)
    const ended = new Promise((resolve) => far.once('end', resolve))
    const finished = new Promise<void>((resolve) => transport.end('* BYE\r\n', resolve))
    await Promise.all([ended, finished])
    expect(inflateRawSync(sent.octets()).toString()).toBe('* BYE\r\n')
  })

  test('goes through whole, however much it is', async () => {
    const { transport, far } = pair()
    const inflate = createInflateRaw()
    let size = 0
    inflate.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    far.pipe(inflate)
    const line = `${'mail '.repeat(2_000)}\r\n`
    for (let count = 0; count < 500; count += 1)
      if (!transport.write(line)) await new Promise((resolve) => transport.once('drain', resolve))
    await until(() => size === 500 * line.length)
    expect(size).toBe(500 * line.length)
  })
})

describe('what is received', () => {
  test('is inflated, that which came early first, whatever the peer’s window', async () => {
    const { transport, far } = pair(flushed('a NOOP\r\n'))
    const received = gathered(transport)
    const deflate = createDeflateRaw({ windowBits: 15, memLevel: 9 })
    deflate.pipe(far)
    deflate.write('b NOOP\r\n')
    deflate.flush(constants.Z_SYNC_FLUSH)
    await until(() => received.octets().toString().includes('b NOOP'))
    expect(received.octets().toString()).toBe('a NOOP\r\nb NOOP\r\n')
  })

  test.each([
    ['with a last block', deflateRawSync('a LOGOUT\r\n')],
    ['without one', flushed('a LOGOUT\r\n')],
  ])('ends when the client ends, %s; answers still go out', async (_, octets) => {
    const { transport, far } = pair()
    const received = gathered(transport)
    const sent = gathered(far)
    far.end(octets)
    await new Promise((resolve) => transport.once('end', resolve))
    expect(received.octets().toString()).toBe('a LOGOUT\r\n')
    transport.end('* BYE\r\n')
    await new Promise((resolve) => transport.once('close', resolve))
    await until(() => sent.octets().length > 0)
    expect(inflated(sent.octets())).toBe('* BYE\r\n')
  })

  test('few octets that inflate to very many are taken no faster than they are read', async () => {
    const { transport, far } = pair()
    // 16 MiB in 16 KiB.
    const bomb = deflateRawSync(Buffer.alloc(16 * 1024 * 1024))
    transport.once('data', () => transport.pause())
    far.end(bomb)
    await until(() => transport.readableLength >= transport.readableHighWaterMark)
    for (let round = 0; round < 500; round += 1) await turn()
    expect(transport.readableLength).toBeLessThan(256 * 1024)
    let size = transport.readableLength
    transport.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    const rest = new Promise((resolve) => transport.once('end', resolve))
    transport.resume()
    await rest
    expect(size).toBeGreaterThan(15 * 1024 * 1024)
  })

  test.each([
    ['clear text', Buffer.from('a NOOP\r\nb NOOP\r\n'.repeat(100))],
    ['a block of no known kind', Buffer.from([0x07, 0xff, 0xff])],
    ['a distance beyond the window', Buffer.from([0x63, 0x00, 0x42, 0x00, 0xff, 0xff, 0xff, 0xff])],
  ])('%s destroys both streams', async (_, octets) => {
    const { transport, carrier, far } = pair()
    const failed = new Promise((resolve) => transport.once('error', resolve))
    transport.resume()
    far.write(octets)
    expect(await failed).toBeInstanceOf(Error)
    await until(() => transport.closed && carrier.destroyed)
    expect(transport.destroyed).toBe(true)
  })
})

test('a carrier that fails or closes takes the transport with it', async () => {
  for (const error of [undefined, new Error('reset')]) {
    const { transport, carrier } = pair()
    const closed = new Promise((resolve) => transport.once('close', resolve))
    carrier.destroy(error)
    await closed
    expect(transport.destroyed).toBe(true)
    expect(() => transport.destroy()).not.toThrow()
  }
})

test('a carrier that is given back goes on in clear', async () => {
  const { transport, carrier, far } = pair()
  const sent = gathered(far)
  const received = gathered(transport)
  far.write(flushed('a UNAUTHENTICATE\r\n'))
  await until(() => received.octets().length > 0)
  transport.write('a OK Done\r\n')
  expect(await transport.release()).toBe(carrier)
  const compressed = sent.octets().length
  expect(inflated(sent.octets())).toBe('a OK Done\r\n')
  const inClear = gathered(carrier)
  carrier.write('* OK\r\n')
  carrier.resume()
  far.write('b NOOP\r\n')
  await until(() => inClear.octets().length > 0 && sent.octets().length > compressed)
  expect(inClear.octets().toString()).toBe('b NOOP\r\n')
  expect(sent.octets().subarray(compressed).toString()).toBe('* OK\r\n')
  expect(carrier.destroyed).toBe(false)
})
