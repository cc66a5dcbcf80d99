import { Readable } from 'node:stream'
import {
  bufferContent,
  ConnectionLost,
  type Content,
  type LineConnection,
  UnavailableError,
} from 'mailwright'
import { describe, expect, test } from 'vitest'
import { sendMessage } from './message-transfer.ts'
import { TopLines } from './top-lines.ts'

/** A connection that keeps what is written to it. */
function recorder(): { connection: LineConnection; pieces: Buffer[]; destroyed: () => boolean } {
  const pieces: Buffer[] = []
  let destroyed = false
  const connection = {
    write: async (data: string | Buffer) => {
      pieces.push(Buffer.from(data))
    },
    destroy: () => {
      destroyed = true
    },
  } as unknown as LineConnection
  return { connection, pieces, destroyed: () => destroyed }
}

function streamed(size: number, chunks: () => AsyncGenerator<Buffer>): Content {
  return {
    size,
    read: () => expect.fail('a large message was read at once'),
    stream: () => Readable.from(chunks()),
  }
}

describe('sendMessage', () => {
  test('a small message', async () => {
    const { connection, pieces } = recorder()
    await sendMessage(connection, '+OK', bufferContent(Buffer.from('a\r\n.b')))
    expect(Buffer.concat(pieces).toString()).toBe('+OK\r\na\r\n..b\r\n.\r\n')
  })

  test('a large message goes in pieces, whatever the chunks of its store', async () => {
    const { connection, pieces } = recorder()
    const octets = Buffer.alloc(1_000_000, 'line\r\n')
    await sendMessage(
      connection,
      '+OK',
      streamed(octets.length, async function* () {
        yield octets
      }),
    )
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
    expect(Buffer.concat(pieces).toString()).toBe(`+OK\r\n${octets}\r\n.\r\n`)
  })

  test('the top of a large message takes no more of it than is needed', async () => {
    const { connection, pieces } = recorder()
    let chunks = 0
    let ended = false
    const content = streamed(2 ** 40, async function* () {
      try {
        yield Buffer.from('A: b\r\n')
        for (;;) {
          chunks++
          yield Buffer.from('\r\nbody\r\n')
        }
      } finally {
        ended = true
      }
    })
    await sendMessage(connection, '+OK', content, new TopLines(3))
    expect(Buffer.concat(pieces).toString()).toBe('+OK\r\nA: b\r\n\r\nbody\r\n\r\nbody\r\n.\r\n')
    // A stream reads some chunks ahead.
    expect(chunks).toBeLessThan(100)
    expect(ended).toBe(true)
  })

  test('an error before the first octet is the caller’s to answer', async () => {
    const { connection, pieces, destroyed } = recorder()
    const content = {
      ...bufferContent(Buffer.from('a')),
      read: () => Promise.reject(new UnavailableError('EIO')),
    }
    await expect(sendMessage(connection, '+OK', content)).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
    expect(pieces).toEqual([])
    expect(destroyed()).toBe(false)
  })

  test('a later error ends the connection without the final dot', async () => {
    const { connection, pieces, destroyed } = recorder()
    const cause = new UnavailableError('EIO')
    const content = streamed(100_000, async function* () {
      yield Buffer.from('a\r\n')
      throw cause
    })
    await expect(sendMessage(connection, '+OK', content)).rejects.toMatchObject({ cause })
    expect(Buffer.concat(pieces).toString()).toBe('+OK\r\na\r\n')
    expect(destroyed()).toBe(true)
  })

  test('a lost connection ends the reading', async () => {
    const { connection } = recorder()
    let ended = false
    connection.write = async () => {
      throw new ConnectionLost()
    }
    const content = streamed(100_000, async function* () {
      try {
        for (;;) yield Buffer.from('a\r\n')
      } finally {
        ended = true
      }
    })
    await expect(sendMessage(connection, '+OK', content)).rejects.toBeInstanceOf(ConnectionLost)
    expect(ended).toBe(true)
  })
})
