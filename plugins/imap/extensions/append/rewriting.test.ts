import { bufferContent } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { memorySpool } from '../../../../test/support/memory-spool.ts'
import { Rewriting } from './rewriting.ts'

const chunk = 256 * 1024

async function rewritten(text: string, write: (rewriting: Rewriting) => Promise<void>): Promise<string> {
  const rewriting = new Rewriting(bufferContent(Buffer.from(text, 'latin1')), memorySpool().receive())
  await write(rewriting)
  const content = await rewriting.finish()
  return (await content.read(0, content.size)).toString('latin1')
}

const lines = (text: string): Promise<string> =>
  rewritten(text, (rewriting) => rewriting.lines(0, text.length))

describe('lines', () => {
  it.each([
    ['a\nb\r\nc\n', 'a\r\nb\r\nc\r\n'],
    ['\n\n', '\r\n\r\n'],
    ['\r\r\n\n\r', '\r\r\n\r\n\r'],
    ['no end', 'no end'],
  ])('%j become %j', async (text, expected) => {
    expect(await lines(text)).toBe(expected)
  })

  it.each([
    ['\r', '\n', '\r\n'],
    ['x', '\n', 'x\r\n'],
    ['\n', '\n', '\r\n\r\n'],
  ])('%j and %j in two chunks become %j', async (before, behind, expected) => {
    const start = 'x'.repeat(chunk - 1)
    expect(await lines(`${start}${before}${behind}`)).toBe(`${start}${expected}`)
  })

  it('know what was written before them', async () => {
    const text = 'ab\ncd'
    const write = async (rewriting: Rewriting, before: string): Promise<void> => {
      await rewriting.text(Buffer.from(before))
      await rewriting.text(Buffer.alloc(0))
      await rewriting.lines(2, 5)
    }
    expect(await rewritten(text, (rewriting) => write(rewriting, 'z\r'))).toBe('z\r\ncd')
    expect(await rewritten(text, (rewriting) => write(rewriting, 'z'))).toBe('z\r\ncd')
  })
})

describe('base64', () => {
  it.each([0, 1, 56, 57, 58, 114, 57 * 4_096, 57 * 4_096 + 1, 57 * 8_192 + 57])(
    'of %i octets has lines of 76 characters, and the same octets',
    async (size) => {
      const octets = Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) % 256)).toString('latin1')
      const encoded = await rewritten(`__${octets}__`, (rewriting) => rewriting.base64(2, size + 2))
      const all = encoded.split('\r\n')
      expect(all.slice(0, -1).every((line) => line.length === 76)).toBe(true)
      expect(all).toHaveLength(Math.max(1, Math.ceil(size / 57)))
      expect(Buffer.from(encoded, 'base64').toString('latin1')).toBe(octets)
    },
  )
})
