import { describe, expect, test } from 'vitest'
import { TopLines } from './top-lines.ts'

function top(message: string, lines: number, ...cuts: number[]): string {
  const limiter = new TopLines(lines)
  let result = ''
  let start = 0
  for (const cut of [...cuts, message.length]) {
    if (limiter.done) break
    result += limiter.take(Buffer.from(message.slice(start, cut))).toString()
    start = cut
  }
  return result
}

const message = 'A: b\r\n c\r\nD: e\r\n\r\none\r\n\r\nthree\r\n'

describe('TopLines', () => {
  test.each([
    ['no line', 0, 'A: b\r\n c\r\nD: e\r\n\r\n'],
    ['one line', 1, 'A: b\r\n c\r\nD: e\r\n\r\none\r\n'],
    ['a blank line counts', 2, 'A: b\r\n c\r\nD: e\r\n\r\none\r\n\r\n'],
    ['as many as there are', 3, message],
    ['more than there are', 9_999_999_999, message],
  ])('%s', (_, lines, expected) => {
    expect(top(message, lines)).toBe(expected)
  })

  test.each([
    ['a message without body', 'A: b\r\n', 5, 'A: b\r\n'],
    ['a header that is not ended', 'A: b', 0, 'A: b'],
    ['a message without header', '\r\none\r\ntwo\r\n', 1, '\r\none\r\n'],
    ['an empty message', '', 3, ''],
    ['lone LF', 'A: b\n\none\ntwo\n', 1, 'A: b\n\none\n'],
    ['a line of two CR is not blank', 'A: b\r\n\r\r\nC: d\r\n\r\nx\r\n', 0, 'A: b\r\n\r\r\nC: d\r\n\r\n'],
    ['a last body line without end', 'A: b\r\n\r\none', 1, 'A: b\r\n\r\none'],
  ])('%s', (_, text, lines, expected) => {
    expect(top(text, lines)).toBe(expected)
  })

  test('gives the same wherever the chunks are cut', () => {
    for (const text of [message, '\r\none\r\n', 'A: b\r\n\r\r\nC: d\r\n\r\nx\r\n']) {
      for (let lines = 0; lines < 4; lines++) {
        for (let first = 0; first <= text.length; first++) {
          for (let second = first; second <= text.length; second++) {
            expect(top(text, lines, first, second)).toBe(top(text, lines))
          }
        }
      }
    }
  })
})
