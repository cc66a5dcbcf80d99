import { describe, expect, test } from 'vitest'
import { LineEnds, type LineFault } from './line-ends.ts'

const refuse = { normalise: false, maxLineLength: 1000 }
const normalise = { normalise: true, maxLineLength: 1000 }

/** What comes out of a text, cut at every place in turn: all ways must agree. */
function pushed(
  text: string,
  rules: { normalise: boolean; maxLineLength: number },
): string | { fault: LineFault } {
  const results = Array.from({ length: text.length + 1 }, (_, at) =>
    inPieces([text.slice(0, at), text.slice(at)], rules),
  )
  results.push(inPieces([...text], rules))
  for (const result of results) expect(result).toEqual(results[0])
  return results[0] ?? ''
}

function inPieces(
  pieces: readonly string[],
  rules: { normalise: boolean; maxLineLength: number },
): string | { fault: LineFault } {
  const lineEnds = new LineEnds(rules)
  let out = ''
  const pushes = pieces.map((piece) => () => lineEnds.push(Buffer.from(piece, 'latin1')))
  for (const step of [...pushes, () => lineEnds.end()]) {
    const octets = step()
    if (typeof octets === 'string') return { fault: octets }
    out += octets.toString('latin1')
  }
  return out
}

describe('refuse', () => {
  test('CRLF, dots and octets beyond ASCII go through unchanged', () => {
    const text = 'a\r\n\r\n.\r\n\r\n\xe4\xff\x80\r\n'
    expect(pushed(text, refuse)).toBe(text)
  })

  test.each([
    ['an LF at the start', '\na\r\n', 'bare-lf'],
    ['an LF', 'a\nb\r\n', 'bare-lf'],
    ['two LFs behind a CR', 'a\r\n\nb\r\n', 'bare-lf'],
    ['LF.LF', 'a\n.\nb\r\n', 'bare-lf'],
    ['a CR', 'a\rb\r\n', 'bare-cr'],
    ['CR.CR', 'a\r.\rb\r\n', 'bare-cr'],
    ['two CRs before an LF', 'a\r\r\nb\r\n', 'bare-cr'],
    ['a CR at the end', 'a\r', 'bare-cr'],
    ['a NUL', 'a\0b\r\n', 'nul'],
  ])('%s is a fault', (_, text, fault) => {
    expect(pushed(text, refuse)).toEqual({ fault })
  })
})

describe('normalise', () => {
  test.each([
    ['a\nb\n', 'a\r\nb\r\n'],
    ['a\rb\r\n', 'a\r\nb\r\n'],
    ['a\r\rb\r\n', 'a\r\n\r\nb\r\n'],
    ['a\r\r\nb\r\n', 'a\r\nb\r\n'],
    ['a\r\r\n\r\r\nb\r\r\n', 'a\r\n\r\nb\r\n'],
    ['a\r\r\r\nb\r\n', 'a\r\n\r\nb\r\n'],
    ['a\r\r\r\r\rb\n', 'a\r\n\r\n\r\n\r\n\r\nb\r\n'],
    ['a\n\r\nb\r\n', 'a\r\n\r\nb\r\n'],
    ['\n.\n', '\r\n.\r\n'],
    ['a\r', 'a\r\n'],
    ['a\r\r', 'a\r\n\r\n'],
    ['a\r\nb\r\n', 'a\r\nb\r\n'],
  ])('%j becomes %j', (text, expected) => {
    expect(pushed(text, normalise)).toBe(expected)
  })

  test('a NUL has no normal form', () => {
    expect(pushed('a\0\r\n', normalise)).toEqual({ fault: 'nul' })
  })

  test('octets beyond ASCII stay as they are', () => {
    expect(pushed('\xc3\xa4\n\xff\r\n', normalise)).toBe('\xc3\xa4\r\n\xff\r\n')
  })
})

describe('line length', () => {
  const rules = { normalise: false, maxLineLength: 10 }

  test.each(['12345678\r\n', 'a\r\n12345678\r\nb\r\n', '\r\n\r\n12345678\r\n'])(
    '%j is short enough',
    (text) => {
      expect(pushed(text, rules)).toBe(text)
    },
  )

  test.each(['123456789\r\n', '1234567890123', 'a\r\nb\r\n123456789\r\nc\r\n', '12345678\r\n123456789\r\n'])(
    '%j is too long',
    (text) => {
      expect(pushed(text, rules)).toEqual({ fault: 'long-line' })
    },
  )

  test('a line without an end is refused before it is whole, however it comes', () => {
    const lineEnds = new LineEnds({ normalise: false, maxLineLength: 100_000 })
    const answers = Array.from({ length: 200 }, () => lineEnds.push(Buffer.alloc(1000, 'x')))
    expect(answers.indexOf('long-line')).toBe(100)
  })
})
