import { bufferContent, type Content } from 'mailwright'
import { expect, test } from 'vitest'
import { countHops, readHead } from './message-head.ts'

/** A content that counts the octets that were read. */
function counting(text: string): { content: Content; read(): number } {
  const inner = bufferContent(Buffer.from(text))
  let octets = 0
  const content: Content = {
    size: inner.size,
    async read(start, end) {
      const part = await inner.read(start, end)
      octets += part.length
      return part
    },
    stream: inner.stream,
  }
  return { content, read: () => octets }
}

test('Received fields are counted in the header only', async () => {
  const { content } = counting(
    'Received: a\r\nRECEIVED: b\r\n\tfolded\r\nX-Received: c\r\n\r\nReceived: d\r\n',
  )
  expect(countHops(await readHead(content))).toBe(2)
})

test('the rest of a large message is not read', async () => {
  const { content, read } = counting(`Subject: x\r\n\r\n${'y'.repeat(5_000_000)}`)
  expect((await readHead(content)).size).toBe(14)
  expect(read()).toBeLessThan(100_000)
})

test('a long header is read on, up to a bound', async () => {
  const { content } = counting(`${'Received: x\r\n'.repeat(3000)}\r\nbody`)
  expect(countHops(await readHead(content))).toBeGreaterThan(50)
  const endless = counting('Received: x\r\n'.repeat(500_000))
  expect(countHops(await readHead(endless.content))).toBeGreaterThan(50)
  expect(endless.read()).toBeLessThan(1_100_000)
})
