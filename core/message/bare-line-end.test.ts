import { describe, expect, test } from 'vitest'
import { findBareLineEnd } from './bare-line-end.ts'

const expression = /(?<!\r)\n|\r(?!\n)/

describe('findBareLineEnd', () => {
  test.each([
    ['', -1],
    ['a', -1],
    ['\r\n', -1],
    ['\n', 0],
    ['\r', 0],
    ['a\r\nb\r\n', -1],
    ['a\r\n\n', 3],
    ['a\r\r\n', 1],
    ['abcd\r\nefghi\rj', 11],
    ['\0\t\x0b\x0c\x0e\xff\xfe', -1],
  ])('%j', (text, expected) => {
    expect(findBareLineEnd(Buffer.from(text, 'latin1'))).toBe(expected)
  })

  test('what an expression finds, wherever the octets lie in memory', () => {
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48_271) % 0x7fffffff
      return seed % below
    }
    const pieces = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', 'a', 'bcd', '\0\t\x0c', '\x0e\x8d\x8a\xff']
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join('')
      const offset = random(8)
      const octets = Buffer.from('x'.repeat(offset) + text, 'latin1').subarray(offset)
      expect(findBareLineEnd(octets)).toBe(text.search(expression))
    }
  })
})
