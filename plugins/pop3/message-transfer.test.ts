import { Readable } from 'node:stream'
import { bufferContent, type Content, UnavailableError } from 'mailwright'
import { ConnectionLost, type LineConnection } from 'mailwright/network'
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

const whole = { status: '+OK', isUtf8: true }

describe('sendMessage', () => {
  test('a small message', async () => {
    const { connection, pieces } = recorder()
    await sendMessage(connection, bufferContent(Buffer.from('a\r\n.b')), whole)
    expect(Buffer.concat(pieces).toString()).toBe('+OK\r\na\r\n..b\r\n.\r\n')
  })

  test('a large message goes in pieces, whatever the chunks of its store', async () => {
    const { connection, pieces } = recorder()
    const octets = Buffer.alloc(1_000_000, 'line\r\n')
    await sendMessage(
      connection,
      streamed(octets.length, async function* () {
        yield octets
      }),
      whole,
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
    await sendMessage(connection, content, { ...whole, top: new TopLines(3) })
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
    await expect(sendMessage(connection, content, whole)).rejects.toMatchObject({
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
    await expect(sendMessage(connection, content, whole)).rejects.toMatchObject({ cause })
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
    await expect(sendMessage(connection, content, whole)).rejects.toBeInstanceOf(ConnectionLost)
    expect(ended).toBe(true)
  })

  test('an ASCII client gets an ASCII header, and its pieces are no larger', async () => {
    const body = Buffer.alloc(1_000_000, 'ü\r\n')
    const message = Buffer.concat([Buffer.from('Subject: ü\r\nX: y\r\n\r\n'), body])
    const { connection, pieces } = recorder()
    const content = streamed(message.length, async function* () {
      for (let start = 0; start < message.length; start += 9) yield message.subarray(start, start + 9)
    })
    await sendMessage(connection, content, { ...whole, isUtf8: false, top: new TopLines(1) })
    expect(Buffer.concat(pieces).toString()).toBe(
      '+OK\r\nSubject: =?utf-8?B?w7w=?=\r\nX: y\r\n\r\nü\r\n.\r\n',
    )
    const endless = recorder()
    const headless = streamed(1_000_000, async function* () {
      yield Buffer.alloc(1_000_000, 'X: y\r\n')
    })
    await sendMessage(endless.connection, headless, { ...whole, isUtf8: false })
    expect(Math.max(...endless.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
  })
})
