import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { ConnectionLost } from './connection-lost.ts'
import { LineConnection } from './line-connection.ts'

const opened: { destroy(): void }[] = []

afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

/** A compressed connection and the client's socket at its other end. */
async function compressed() {
  const clock = fakeClock()
  const server = createServer()
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  const socket = await accepted
  server.close()
  opened.push(client, socket)
  const connection = new LineConnection(socket, clock, 1_000)
  client.write('a COMPRESS DEFLATE\r\n')
  await connection.readLine(255, 1_000)
  await connection.write('a OK\r\n')
  connection.compress()
  await nextOf(client)
  return { clock, client, connection }
}

function nextOf(client: Socket): Promise<Buffer> {
  return new Promise((resolve) => client.once('data', resolve))
}

function flushed(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
}

function inflated(octets: Buffer): string {
  return inflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
}

async function lineOf(connection: LineConnection): Promise<string> {
  const read = await connection.readLine(255, 1_000)
  return read.kind === 'line' ? read.octets.toString() : read.kind
}

test('lines are read and written as before', async () => {
  const { client, connection } = await compressed()
  client.write(flushed('b NOOP\r\nc NOOP\r\n'))
  expect([await lineOf(connection), await lineOf(connection)]).toEqual(['b NOOP', 'c NOOP'])
  const answer = nextOf(client)
  await connection.write('b OK\r\n')
  await connection.write('c OK\r\n')
  connection.flush()
  expect(inflated(await answer)).toBe('b OK\r\nc OK\r\n')
})

test('a line without end is bounded, however few octets it is on the way', async () => {
  const { client, connection } = await compressed()
  client.write(flushed('x'.repeat(8 * 1024 * 1024)))
  expect(await lineOf(connection)).toBe('flood')
  expect(connection.unread).toBeLessThan(512 * 1024)
})

test('clear text after compression began ends the connection', async () => {
  const { client, connection } = await compressed()
  client.write('b NOOP\r\n'.repeat(50))
  expect(await lineOf(connection)).toBe('closed')
  await connection.closed
})

test('goes on in clear when compression is given up', async () => {
  const { clock, client, connection } = await compressed()
  client.write(flushed('b UNAUTHENTICATE\r\n'))
  expect(await lineOf(connection)).toBe('b UNAUTHENTICATE')
  const answer = nextOf(client)
  const decompressing = connection.decompress(() => connection.write('b OK\r\n'))
  // It is in clear as soon as the answer is there, whatever the server is still at.
  void answer.then(() => client.write('c NOOP\r\n'))
  await decompressing
  expect(inflated(await answer)).toBe('b OK\r\n')
  expect(await lineOf(connection)).toBe('c NOOP')
  const inClear = nextOf(client)
  await connection.write('c OK\r\n')
  connection.flush()
  expect((await inClear).toString()).toBe('c OK\r\n')
  expect(clock.waiting).toBe(0)
})

test('a client that does not read keeps nobody from giving up compression', async () => {
  const { clock, client, connection } = await compressed()
  client.pause()
  const writing = (async () => {
    for (let count = 0; ; count += 1) await connection.write(Buffer.from(`${count * 7919}`.repeat(20_000)))
  })().catch((error: unknown) => error)
  while (clock.waiting < 2) await new Promise((resolve) => setImmediate(resolve))
  const decompressing = connection.decompress(async () => undefined)
  clock.advance(1_000)
  await decompressing
  await connection.closed
  expect(await writing).toBeInstanceOf(ConnectionLost)
})

test('what was written before the end arrives, and the connection closes with the client', async () => {
  const { clock, client, connection } = await compressed()
  const answer = new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = []
    client.on('data', (chunk: Buffer) => chunks.push(chunk))
    client.on('end', () => resolve(Buffer.concat(chunks)))
  })
  await connection.write('* BYE\r\n')
  connection.end()
  expect(inflateRawSync(await answer).toString()).toBe('* BYE\r\n')
  await connection.closed
  expect(clock.waiting).toBe(0)
})
