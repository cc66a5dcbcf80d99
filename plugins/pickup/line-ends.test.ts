import { describe, expect, test } from 'vitest'
import { crlf, withCrlf } from './line-ends.ts'

async function inPieces(text: string, size: number): Promise<string> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size), 'latin1')
  }
  const chunks: Buffer[] = []
  for await (const chunk of withCrlf(pieces())) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

describe('line ends', () => {
  test.each([
    ['', ''],
    ['a\nb\n', 'a\r\nb\r\n'],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\r\r\nb', 'a\r\nb'],
    ['a\rb', 'a b'],
    ['a\r', 'a '],
    ['\r\r\r\n', ' \r\n'],
    ['\n\n\r\n', '\r\n\r\n\r\n'],
    ['\n.\n', '\r\n.\r\n'],
    ['\xff\0\n', '\xff\0\r\n'],
    ['no end', 'no end'],
  ])('%j', async (text, expected) => {
    expect(crlf(Buffer.from(text, 'latin1')).toString('latin1')).toBe(expected)
    for (const size of [1, 2, 3, 100]) expect(await inPieces(text, size)).toBe(expected)
  })

  test('a flood of CR costs linear time and no more memory than a piece', async () => {
    const flood = '\r'.repeat(2_000_000)
    expect(await inPieces(flood, 65_536)).toBe(' '.repeat(2_000_000))
  })
})
