import { describe, expect, test } from 'vitest'
import { decodeBody } from '../model/mime/mime-body.ts'
import { QuotedPrintableEncoder, quotedPrintable } from './quoted-printable.ts'

function encoded(...chunks: readonly string[]): string {
  const encoder = new QuotedPrintableEncoder()
  return [...chunks.map((chunk) => encoder.push(Buffer.from(chunk, 'latin1'))), encoder.end()].join('')
}

describe('quoted-printable', () => {
  test.each([
    [['plain'], 'plain'],
    [['a=b\xfc'], 'a=3Db=FC'],
    [['a \r\nb\t\r\n'], 'a=20\r\nb=09\r\n'],
    [['a b '], 'a b=20'],
    [['a\r', '\nb'], 'a\r\nb'],
    [['a\nb'], 'a\r\nb'],
    [['a\rb\r'], 'a=0Db=0D'],
    [['a ', '\r', '\n'], 'a=20\r\n'],
    [[], ''],
  ])('%j', (chunks, expected) => {
    expect(encoded(...chunks)).toBe(expected)
  })

  test('no line is longer than 76 characters, and all of it comes back', () => {
    const octets = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7) % 256)).toString(
      'latin1',
    )
    const text = encoded(octets.slice(0, 777), octets.slice(777))
    expect(Math.max(...text.split('\r\n').map(({ length }) => length))).toBeLessThanOrEqual(76)
    const decoded = text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    expect(decoded).toBe(octets.replaceAll(/\r?\n/g, '\r\n'))
  })
})

test('any octets come out again', () => {
  let state = 7
  for (let round = 0; round < 200; round += 1) {
    const octets = Buffer.from(
      Array.from({ length: round }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31
        return [13, 10, 32, 9, 61, 46, state % 256, 65][state % 8] ?? 0
      }),
    )
    const written = quotedPrintable(octets)
    for (const line of written.split('\r\n')) expect(line).toMatch(/^(?:[\t -~]{0,75}[!-~])?$/)
    const decoded = decodeBody(Buffer.from(written), 'quoted-printable')
    expect(decoded.toString('latin1')).toBe(octets.toString('latin1'))
  }
})
