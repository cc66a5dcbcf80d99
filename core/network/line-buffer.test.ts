import { describe, expect, test } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

const limit = 255

function texts(buffer: LineBuffer, within: number = limit): string[] {
  const found: string[] = []
  for (let result = buffer.next(within); result !== undefined; result = buffer.next(within)) {
    found.push(result.kind === 'line' ? result.octets.toString() : `<${result.kind}>`)
  }
  return found
}

describe('LineBuffer', () => {
  test('finds the same lines however they are cut', () => {
    const input = Buffer.from('STAT\r\nPASS a b \r\n\r\nNOOP\nQUIT\r\nrest')
    for (let cut = 0; cut <= input.length; cut++) {
      const buffer = new LineBuffer()
      buffer.push(input.subarray(0, cut))
      const lines = texts(buffer)
      buffer.push(input.subarray(cut))
      expect([...lines, ...texts(buffer)]).toEqual(['STAT', 'PASS a b ', '', 'NOOP', 'QUIT'])
      expect(buffer.size).toBe(4)
    }
  })

  test('takes octet after octet', () => {
    const buffer = new LineBuffer()
    const lines: string[] = []
    for (const octet of Buffer.from('UIDL 1\r\nRSET\r\n')) {
      buffer.push(Buffer.of(octet))
      lines.push(...texts(buffer))
    }
    expect(lines).toEqual(['UIDL 1', 'RSET'])
    expect(buffer.size).toBe(0)
  })

  test('leaves alone what it has handed out, however chunks are joined', () => {
    const input = Buffer.from(
      Array.from({ length: 200 }, (_, line) => `line ${'x'.repeat(line)}\r\n`).join(''),
    )
    for (const length of [1, 2, 3, 7, 50, 1_000]) {
      const buffer = new LineBuffer()
      const lines: Buffer[] = []
      for (let at = 0; at < input.length; at += length) {
        buffer.push(Buffer.from(input.subarray(at, at + length)))
        for (let next = buffer.next(limit); next?.kind === 'line'; next = buffer.next(limit))
          lines.push(next.octets)
      }
      expect(lines.map((line) => `${line}\r\n`).join('')).toBe(input.toString())
    }
  })

  test('takes a line of 256 KiB octet by octet, and then as octets', () => {
    const buffer = new LineBuffer()
    const octet = Buffer.from('x')
    let found = 0
    for (let count = 0; count < 2 ** 18; count += 1) {
      buffer.push(octet)
      if (buffer.next(2 ** 19) !== undefined) found += 1
    }
    expect(found).toBe(0)
    expect(buffer.take(10)?.toString()).toBe('x'.repeat(10))
    buffer.push(Buffer.from('\r\n'))
    expect(buffer.next(2 ** 19)).toMatchObject({ kind: 'line', octets: { length: 2 ** 18 - 10 } })
    expect(buffer.size).toBe(0)
  })

  test('allows 255 octets with the line end and not one more', () => {
    const buffer = new LineBuffer()
    buffer.push(Buffer.from(`${'a'.repeat(253)}\r\n${'b'.repeat(254)}\r\nNOOP\r\n`))
    expect(texts(buffer)).toEqual(['a'.repeat(253), '<too-long>', 'NOOP'])
  })

  test('says once that a line was too long, after it has ended, and holds none of it', () => {
    const buffer = new LineBuffer()
    for (let piece = 0; piece < 10; piece++) {
      buffer.push(Buffer.alloc(1000, 'x'))
      expect(texts(buffer)).toEqual([])
      expect(buffer.size).toBe(0)
    }
    buffer.push(Buffer.from('x\r\nNOOP\r\n'))
    expect(texts(buffer)).toEqual(['<too-long>', 'NOOP'])
  })

  test('gives up on a line without end', () => {
    const buffer = new LineBuffer()
    let result = buffer.next(limit)
    for (let pieces = 0; result === undefined && pieces < 100; pieces++) {
      buffer.push(Buffer.alloc(1000))
      result = buffer.next(limit)
    }
    expect(result).toEqual({ kind: 'flood' })
    expect(buffer.size).toBe(0)
  })

  test('takes a longer line where more is allowed for it', () => {
    const buffer = new LineBuffer()
    buffer.push(Buffer.from(`${'c'.repeat(1000)}\r\n`))
    expect(texts(buffer, 12_290)).toEqual(['c'.repeat(1000)])
  })

  test('keeps a CR that does not end a line', () => {
    const buffer = new LineBuffer()
    buffer.push(Buffer.from('a\rb\r\r\n'))
    expect(texts(buffer)).toEqual(['a\rb\r'])
  })
})
