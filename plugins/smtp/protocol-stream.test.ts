import { describe, expect, test } from 'vitest'
import { ProtocolStream } from './protocol-stream.ts'

/** A stream that answers each line with a note of it. */
function listening(): { stream: ProtocolStream; lines: string[] } {
  const lines: string[] = []
  const stream = new ProtocolStream(async (line, fault) => {
    lines.push(fault ?? line.toString('latin1'))
  })
  stream.open()
  return { stream, lines }
}

function write(stream: ProtocolStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(Buffer.from(text, 'latin1'), (error) => (error ? reject(error) : resolve()))
  })
}

async function linesOf(...texts: string[]): Promise<readonly string[]> {
  const { stream, lines } = listening()
  for (const text of texts) await write(stream, text)
  return lines
}

describe('lines', () => {
  test('end with CRLF, however they are cut', async () => {
    expect(await linesOf('NOOP\r\nRS', 'ET\r', '\nQUIT\r\n', 'HE')).toEqual(['NOOP', 'RSET', 'QUIT'])
    expect(await linesOf(...'EHLO a\r\nNOOP\r\n')).toEqual(['EHLO a', 'NOOP'])
  })

  test('that end with LF are refused, and so is what follows up to CRLF', async () => {
    expect(await linesOf('NOOP\nDATA\r\nRSET\r\n')).toEqual(['bare-lf', 'bare-lf', 'RSET'])
    expect(await linesOf(...'NOOP\nDATA\r\nRSET\r\n')).toEqual(['bare-lf', 'bare-lf', 'RSET'])
    expect(await linesOf('A\nB\nC\nD\r\nE\r\n')).toEqual(['bare-lf', 'bare-lf', 'bare-lf', 'bare-lf', 'E'])
  })

  test('keep a bare CR, for others to refuse', async () => {
    expect(await linesOf('NO\rOP\r\n', 'A\r\r\n')).toEqual(['NO\rOP', 'A\r'])
  })

  test('that are too long are thrown away while they come', async () => {
    const longest = 12_352
    expect(await linesOf(`${'x'.repeat(longest)}\r\n`)).toEqual(['x'.repeat(longest)])
    expect(await linesOf(`${'x'.repeat(longest + 1)}\r\nNOOP\r\n`)).toEqual(['too-long', 'NOOP'])
    const much = 'x'.repeat(13_000)
    expect(await linesOf(much, much, 'x\r', '\nNOOP\r\n')).toEqual(['too-long', 'NOOP'])
    expect(await linesOf(much, '\nDATA\r\nNOOP\r\n')).toEqual(['too-long', 'bare-lf', 'NOOP'])
  })

  test('that are none are told by their start', async () => {
    const starts: string[] = []
    const stream = new ProtocolStream(async (line, fault) => {
      if (fault !== undefined) starts.push(`${fault} ${line.toString('latin1')}`)
    })
    stream.open()
    await write(stream, 'BDAT 12 LAST\n')
    for (const piece of ['BD', 'AT 6 LAST', ' '.repeat(13_000), ' '.repeat(13_000), '\r\n'])
      await write(stream, piece)
    expect(starts).toEqual(['bare-lf BDAT 12 LAST\n', 'too-long BDAT 6 LAST     '])
  })

  test('without an end are no commands when the client leaves', async () => {
    const { stream, lines } = listening()
    await write(stream, 'NOOP\r\nQUIT')
    await new Promise<void>((resolve) => stream.end(resolve))
    expect(lines).toEqual(['NOOP'])
  })

  test('come one at a time', async () => {
    let running = 0
    const lines: string[] = []
    const stream = new ProtocolStream(async (line) => {
      expect(++running).toBe(1)
      await Promise.resolve()
      lines.push(line.toString())
      running--
    })
    stream.open()
    await write(stream, 'A\r\n'.repeat(350))
    expect(lines).toHaveLength(350)
  })

  test('that came together leave others their turn', async () => {
    const { stream, lines } = listening()
    const all = write(stream, 'NOOP\r\n'.repeat(1_000))
    await new Promise((resolve) => setImmediate(resolve))
    expect(lines.length).toBeLessThan(1_000)
    await all
    expect(lines).toHaveLength(1_000)
  })

  test('are not read once the connection is closed', async () => {
    const lines: string[] = []
    const stream: ProtocolStream = new ProtocolStream(async (line) => {
      lines.push(line.toString())
      stream.isClosed = true
    })
    stream.open()
    await write(stream, 'QUIT\r\nNOOP\r\n')
    expect(lines).toEqual(['QUIT'])
  })
})

describe('input that stands behind a line', () => {
  test('is seen in the same chunk, in a started line and in waiting chunks', async () => {
    const seen: boolean[] = []
    const stream: ProtocolStream = new ProtocolStream(async () => {
      await Promise.resolve()
      seen.push(stream.hasMore)
    })
    stream.open()
    await write(stream, 'STARTTLS\r\n')
    await write(stream, 'STARTTLS\r\nE')
    await write(stream, 'HLO\r\n')
    const first = write(stream, 'STARTTLS\r\n')
    await Promise.all([first, write(stream, 'EHLO a\r\n')])
    expect(seen).toEqual([false, true, false, true, false])
  })
})

test('input before the greeting is noticed and thrown away', async () => {
  const lines: string[] = []
  const stream = new ProtocolStream(async (line) => {
    lines.push(line.toString())
  })
  expect(stream.talkedEarly).toBe(false)
  await write(stream, 'EHLO early\r\n')
  expect(stream.talkedEarly).toBe(true)
  stream.open()
  await write(stream, 'NOOP\r\n')
  expect(lines).toEqual(['NOOP'])
})

test('a message goes to its handler, and what stands behind it is read as lines again', async () => {
  const lines: string[] = []
  const chunks: string[] = []
  const stream: ProtocolStream = new ProtocolStream(async (line) => {
    lines.push(line.toString())
    if (line.toString() !== 'DATA') return
    stream.receive(async (chunk) => {
      const text = chunk.toString()
      chunks.push(text)
      const end = text.indexOf('END')
      return end === -1 ? undefined : end + 3
    })
  })
  stream.open()
  await write(stream, 'DATA\r\none\n')
  await write(stream, 'twoENDNOOP\r\n')
  expect(lines).toEqual(['DATA', 'NOOP'])
  expect(chunks).toEqual(['one\n', 'twoENDNOOP\r\n'])
})
