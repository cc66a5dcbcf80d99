import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { ConnectionLost } from './connection-lost.ts'
import { LineConnection } from './line-connection.ts'

const opened: { destroy(): void }[] = []

afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

/** A connection and the client's socket at its other end. */
async function pair(writeTimeout = 1_000) {
  const clock = fakeClock()
  const server = createServer()
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  const socket = await accepted
  server.close()
  opened.push(client, socket)
  return { clock, client, socket, connection: new LineConnection(socket, clock, writeTimeout) }
}

function received(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    client.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    client.on('end', () => resolve(text))
  })
}

describe('LineConnection', () => {
  test('lets others have their turn while a client has much to say', async () => {
    const { client, connection } = await pair()
    client.write('x\r\n'.repeat(3000))
    let turns = 0
    const turn = (): void => {
      turns += 1
      next = setImmediate(turn)
    }
    await connection.readLine(100, 1_000)
    let next = setImmediate(turn)
    const lines = 60
    for (let line = 0; line < lines; line++) {
      for (const start = performance.now(); performance.now() - start < 1; );
      expect(await connection.readLine(100, 1_000)).toMatchObject({ kind: 'line' })
    }
    clearImmediate(next)
    // Each line is a millisecond of work, and others wait for five or so.
    expect(turns).toBeGreaterThanOrEqual(lines / 12)
  })

  test('who has closed its side is waited for while it gets answers, and not much longer', async () => {
    const { clock, client, connection } = await pair()
    client.allowHalfOpen = true
    client.resume().end('one\r\n')
    await connection.readLine(100, 1_000)
    expect(await connection.readLine(100, 1_000)).toEqual({ kind: 'closed' })
    clock.advance(29_000)
    await connection.write('an answer\r\n')
    clock.advance(29_000)
    expect(connection.isClosed).toBe(false)
    clock.advance(1_000)
    await connection.closed
  })

  test('who has closed its side gets what is answered already', async () => {
    const { clock, client, connection } = await pair()
    client.allowHalfOpen = true
    const text = received(client)
    client.end('one\r\ntwo\r\nthree\r\n')
    await connection.readLine(100, 1_000)
    await connection.write('1\r\n')
    await connection.readLine(100, 1_000)
    await connection.write('2\r\n')
    while (!connection.hasEnded) await new Promise((resolve) => setImmediate(resolve))
    await connection.readLine(100, 1_000)
    await connection.write('3\r\n')
    await expect.poll(() => client.bytesRead, { timeout: 30_000 }).toBe(9)
    clock.advance(30_000)
    expect(await text).toBe('1\r\n2\r\n3\r\n')
    await connection.closed
  })

  test('who has closed its side may take as long for an answer as others', async () => {
    const { clock, client, connection } = await pair(100_000)
    client.allowHalfOpen = true
    client.end('one\r\n')
    await connection.readLine(100, 1_000)
    expect(await connection.readLine(100, 1_000)).toEqual({ kind: 'closed' })
    const answer = Buffer.alloc(8_000_000)
    const writing = connection.write(answer)
    clock.advance(30_000)
    clock.advance(60_000)
    const text = received(client)
    await writing
    clock.advance(29_999)
    expect(connection.isClosed).toBe(false)
    clock.advance(1)
    expect((await text).length).toBe(answer.length)
    await connection.closed
  })

  test('reads lines as they come, and then the end', async () => {
    const { client, connection } = await pair()
    client.end('one\r\ntwo\r\nrest')
    const line = async () => {
      const read = await connection.readLine(255, 1_000)
      return read.kind === 'line' ? read.octets.toString() : read.kind
    }
    expect([await line(), await line(), await line(), await line()]).toEqual([
      'one',
      'two',
      'closed',
      'closed',
    ])
  })

  test('waits for a line no longer than it may', async () => {
    const { clock, client, connection } = await pair()
    const reading = connection.readLine(255, 500)
    client.write('half a line')
    clock.advance(500)
    expect(await reading).toEqual({ kind: 'timeout' })
    expect(clock.waiting).toBe(0)
  })

  test('what is written before the end arrives', async () => {
    const { client, connection } = await pair()
    const text = received(client)
    await connection.write('+OK\r\n')
    connection.end()
    expect(await text).toBe('+OK\r\n')
    await connection.closed
    await expect(connection.write('more')).rejects.toBeInstanceOf(ConnectionLost)
  })

  test('a client that does not close is closed', async () => {
    const { clock, client, connection } = await pair()
    client.allowHalfOpen = true
    const text = received(client)
    connection.end()
    await text
    clock.advance(2_000)
    await connection.closed
    expect(clock.waiting).toBe(0)
  })

  test('a client that does not read is given up', async () => {
    const { clock, connection } = await pair()
    const writing = (async () => {
      for (;;) await connection.write(Buffer.alloc(65_536))
    })()
    // Each write that has to wait sets a timer.
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1_000)
    await expect(writing).rejects.toBeInstanceOf(ConnectionLost)
    await connection.closed
    expect(clock.waiting).toBe(0)
  })

  test('does not read on while nothing is taken from it', async () => {
    const { client, socket, connection } = await pair()
    const octets = 'NOOP\r\n'.repeat(1_000_000)
    client.write(octets)
    await connection.readLine(255, 1_000)
    expect(socket.isPaused()).toBe(true)
    expect(connection.unread).toBeLessThan(256 * 1024)
  })

  test('a wait ends with the connection', async () => {
    const { clock, client, connection } = await pair()
    const waiting = connection.delay(60_000)
    client.resetAndDestroy()
    await expect(waiting).rejects.toBeInstanceOf(ConnectionLost)
    expect(clock.waiting).toBe(0)
  })

  test('once destroyed it reads nothing more, not even what has come', async () => {
    const { client, connection } = await pair()
    client.write('one\r\ntwo\r\n')
    await connection.readLine(255, 1_000)
    connection.destroy()
    expect(await connection.readLine(255, 1_000)).toEqual({ kind: 'closed' })
  })
})
