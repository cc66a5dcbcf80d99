import { describe, expect, test } from 'vitest'
import { dotStuffed } from './dot-stuffing.ts'

describe('dotStuffed', () => {
  async function stuffed(...chunks: readonly string[]): Promise<string> {
    async function* octets(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
    }
    const out: Buffer[] = []
    for await (const chunk of dotStuffed(octets())) out.push(chunk)
    return Buffer.concat(out).toString('latin1')
  }

  test.each([
    [[], '.\r\n'],
    [['a\r\n'], 'a\r\n.\r\n'],
    [['a'], 'a\r\n.\r\n'],
    [['.a\r\n..\r\n.'], '..a\r\n...\r\n..\r\n.\r\n'],
    [['a\r', '\n.b\r', '\n'], 'a\r\n..b\r\n.\r\n'],
    [['a\r\n', '.\r\n'], 'a\r\n..\r\n.\r\n'],
    [['a\n.\nMAIL'], 'a\r\n..\r\nMAIL\r\n.\r\n'],
    [['a\r.\rb'], 'a\r\n..\r\nb\r\n.\r\n'],
    [['a\r', '.\r'], 'a\r\n..\r\n.\r\n'],
    [['a\r', '\r\nb\xfc'], 'a\r\n\r\nb\xfc\r\n.\r\n'],
  ])('%j', async (chunks, expected) => {
    expect(await stuffed(...chunks)).toBe(expected)
  })
})
