import { describe, expect, test } from 'vitest'
import { messageText } from './message-text.ts'

/** The text of an input that comes in pieces of some size. */
async function text(input: string, size: number, dotsAreText = false): Promise<string> {
  async function* pieces(): AsyncGenerator<Buffer> {
    const octets = Buffer.from(input)
    for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
  }
  const chunks: Buffer[] = []
  for await (const chunk of messageText(pieces(), { dotsAreText })) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('messageText', () => {
  test.each([
    ['', ''],
    ['To: a\n\nbody\n', 'To: a\n\nbody\n'],
    ['body\n.\nmore\n', 'body\n'],
    ['body\r\n.\r\nmore\r\n', 'body\r\n'],
    ['.\nmore', ''],
    ['.\r\nmore', ''],
    ['.', ''],
    ['x\n.', 'x\n'],
    ['x\r\n.', 'x\r\n'],
    ['x\n.\r', 'x\n'],
    ['x\n..', 'x\n..'],
    ['x.', 'x.'],
    ['x\n..\n.x\n.\rx\n', 'x\n..\n.x\n.\rx\n'],
    ['x\n\n\n.\n', 'x\n\n\n'],
    ['x\n.\n.\n', 'x\n'],
    ['From me Mon Nov 23\n>From me\nTo: a\nFrom here on\n', 'To: a\nFrom here on\n'],
    ['From me', 'From me'],
    ['From me\n', ''],
    ['From: me\n', 'From: me\n'],
    ['From me\n.\nx', ''],
  ])('%j in pieces of any size', async (input, expected) => {
    for (const size of [1, 2, 3, 5, 100]) expect(await text(input, size)).toBe(expected)
  })

  test('dots may be text', async () => {
    for (const size of [1, 100]) expect(await text('x\n.\ny\n', size, true)).toBe('x\n.\ny\n')
  })

  test('keeps no more than a piece', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (let count = 0; count < 200; count += 1) yield Buffer.alloc(65_536, '\n.x')
    }
    let size = 0
    for await (const chunk of messageText(endless(), { dotsAreText: false })) {
      expect(chunk.length).toBeLessThan(70_000)
      size += chunk.length
    }
    expect(size).toBe(200 * 65_536)
  })

  test('a first line without an end is no postmark', async () => {
    const long = `From ${'x'.repeat(10_000)}\n`
    expect(await text(long, 1_000)).toBe(long)
  })
})
