import { describe, expect, test } from 'vitest'
import { DotStuffing } from './dot-stuffing.ts'

function stuffed(...chunks: (string | Buffer)[]): string {
  const stuffing = new DotStuffing()
  const pieces = chunks.map((chunk) => stuffing.stuff(Buffer.from(chunk)).toString('latin1'))
  return pieces.join('') + stuffing.end()
}

describe('DotStuffing', () => {
  test.each([
    ['a message without dots', 'A: b\r\n\r\ntext\r\n', 'A: b\r\n\r\ntext\r\n.\r\n'],
    ['a dot line', 'a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
    ['a dot at the very start', '.a\r\n', '..a\r\n.\r\n'],
    ['only dots', '.\r\n.\r\n..\r\n', '..\r\n..\r\n...\r\n.\r\n'],
    ['dots inside lines', 'a.b\r\nc.\r\n', 'a.b\r\nc.\r\n.\r\n'],
    ['a last line without CRLF', 'a\r\n.b', 'a\r\n..b\r\n.\r\n'],
    ['a last line that is a dot', 'a\r\n.', 'a\r\n..\r\n.\r\n'],
    ['an empty message', '', '.\r\n'],
    ['a dot line after a lone LF', 'a\n.\r\nb\r\n', 'a\n..\r\nb\r\n.\r\n'],
    ['a lone CR, which ends no line', 'a\r.\r\nb\r\n', 'a\r.\r\nb\r\n.\r\n'],
  ])('%s', (_, message, expected) => {
    expect(stuffed(message)).toBe(expected)
  })

  test('gives the same wherever the chunks are cut', () => {
    const message = '.\r\n..\r\nA: .\r\n\r\n.x\r\n\r\n.\r\n.'
    const whole = stuffed(message)
    for (let first = 0; first <= message.length; first++) {
      for (let second = first; second <= message.length; second++) {
        expect(stuffed(message.slice(0, first), message.slice(first, second), message.slice(second))).toBe(
          whole,
        )
      }
    }
  })

  test('what it makes can be undone, and never ends early', () => {
    let seed = 20_261_123
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    for (let round = 0; round < 300; round++) {
      const parts = Array.from(
        { length: random(40) },
        () => ['.', '\r\n', '.\r\n', 'x', '\r\n.', '..'][random(6)],
      )
      const message = `${parts.join('')}\r\n`
      const result = stuffed(message)
      expect(result.indexOf('\r\n.\r\n')).toBe(result.length - 5)
      const lines = result.slice(0, -3).split('\r\n')
      expect(lines.map((line) => (line.startsWith('.') ? line.slice(1) : line)).join('\r\n')).toBe(message)
    }
  })

  test('does not copy what needs no stuffing', () => {
    const chunk = Buffer.from('plain\r\ntext\r\n')
    expect(new DotStuffing().stuff(chunk)).toBe(chunk)
  })
})
