import { describe, expect, test } from 'vitest'
import { asTransferred } from './unix-message.ts'

/** What comes out for chunks of so many octets. */
async function converted(text: string, chunk: number): Promise<string> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < text.length; at += chunk) yield Buffer.from(text.slice(at, at + chunk))
  }
  const out: Buffer[] = []
  for await (const octets of asTransferred(chunks())) out.push(octets)
  return Buffer.concat(out).toString()
}

describe('asTransferred', () => {
  test.each([
    ['a\nb\n', 'a\r\nb\r\n'],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\r\nb\nc', 'a\r\nb\r\nc'],
    ['\n\n', '\r\n\r\n'],
    ['a\rb\n', 'a\rb\r\n'],
    ['', ''],
    ['From me Mon\nSubject: x\n', 'Subject: x\r\n'],
    ['From: me\n', 'From: me\r\n'],
    ['From without an end', 'From without an end'],
  ])('%j becomes %j, whatever the chunks', async (from, to) => {
    for (const chunk of [1, 2, 3, 1000]) expect(await converted(from, chunk)).toBe(to)
  })
})
