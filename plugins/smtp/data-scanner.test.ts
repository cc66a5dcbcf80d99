import { describe, expect, test } from 'vitest'
import { DataScanner } from './data-scanner.ts'

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** What came out of all chunks, and what stood behind the end. */
function scan(chunks: readonly Buffer[]): { content: string; rest: string | undefined } {
  const scanner = new DataScanner()
  const contents: string[] = []
  for (const [index, chunk] of chunks.entries()) {
    const copy = Buffer.from(chunk)
    const { content, end } = scanner.push(copy)
    contents.push(content.toString('latin1'))
    if (end === undefined) continue
    const rest = Buffer.concat([chunk.subarray(end), ...chunks.slice(index + 1)])
    return { content: contents.join(''), rest: rest.toString('latin1') }
  }
  return { content: contents.join(''), rest: undefined }
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** RFC 5321 §4.5.2, word for word: the sender's half. */
function stuffed(content: string): string {
  const body = content.replace(/(^|\r\n)\./g, '$1..')
  return `${body}.\r\n`
}

/** All ways to cut a text in two, and the text octet by octet. */
function cuts(text: string): Buffer[][] {
  const octets = bytes(text)
  const inTwo = Array.from({ length: text.length + 1 }, (_, at) => [
    octets.subarray(0, at),
    octets.subarray(at),
  ])
  return [...inTwo, [...octets].map((octet) => Buffer.from([octet]))]
}

const contents = [
  '',
  '.\r\n',
  '..\r\n',
  '...\r\n.\r\n..\r\n',
  'Subject: x\r\n\r\n.\r\n',
  '.a\r\n..b\r\nc.\r\n.\r\n\r\n.\r\n',
  '\r\n\r\n.\r\n\r\n',
  `${'.'.repeat(70)}\r\n`.repeat(40),
  '.\r\r\n.\n.\r\n\r\r\n..\n\r\n',
  'a\r\n.\rb\r\n.\nc\r\n..\r\rd\r\n',
  `${'x'.repeat(998)}\r\n.${'y'.repeat(300)}\r\n`,
]

describe('dot-stuffing', () => {
  test.each(contents.map((content, index) => [index, content]))(
    'body %i comes out as it went in, cut anywhere',
    (_, content) => {
      for (const chunks of cuts(`${stuffed(content)}QUIT\r\n`))
        expect(scan(chunks)).toEqual({ content, rest: 'QUIT\r\n' })
    },
  )

  test('660 random segmentations of the same bodies', () => {
    const random = randomNumbers(20_261_123)
    for (const content of contents) {
      const octets = bytes(`${stuffed(content)}MAIL FROM:<>\r\n`)
      for (let round = 0; round < 60; round++) {
        const chunks: Buffer[] = []
        for (let at = 0; at < octets.length; ) {
          const length = 1 + random(random(2) === 0 ? 4 : 200)
          chunks.push(octets.subarray(at, at + length))
          at += length
        }
        expect(scan(chunks)).toEqual({ content, rest: 'MAIL FROM:<>\r\n' })
      }
    }
  })

  test('random octets of the dangerous kind', () => {
    const random = randomNumbers(7)
    const alphabet = '\r\n.x'
    for (let round = 0; round < 2000; round++) {
      const content = Array.from({ length: random(24) }, () => alphabet[random(4)]).join('')
      const whole = content === '' || content.endsWith('\r\n') ? content : `${content}\r\n`
      const octets = bytes(stuffed(whole))
      const at = random(octets.length)
      const chunks = [octets.subarray(0, at), octets.subarray(at)]
      expect({ whole, ...scan(chunks) }).toEqual({ whole, content: whole, rest: '' })
    }
  })

  test('a dot in front of text is taken away even where the sender should have doubled it', () => {
    expect(scan([bytes('.x\r\n.\r\n')])).toEqual({ content: 'x\r\n', rest: '' })
  })
})

describe('the end of the data', () => {
  const notEnds = [
    ['LF.LF', '\n.\n'],
    ['LF.CRLF', '\n.\r\n'],
    ['LF.CR', '\n.\r'],
    ['CR.CR', '\r.\r'],
    ['CR.CRLF', '\r.\r\n'],
    ['CRLF.LF', '\r\n.\n'],
    ['CRLF.CR', '\r\n.\r'],
    ['CRCRLF.LF', '\r\r\n.\n'],
    ['CRLF NUL .CRLF', '\r\n\0.\r\n'],
    ['CRLF.NUL CRLF', '\r\n.\0\r\n'],
    ['CRLF.SP CRLF', '\r\n. \r\n'],
    ['CRLF.CRCRLF', '\r\n.\r\r\n'],
  ]

  test.each(notEnds)('is not %s, cut anywhere', (_, sequence) => {
    const smuggled = `Subject: a\r\n\r\nfirst${sequence}MAIL FROM:<evil@example.org>\r\n`
    for (const chunks of cuts(smuggled)) expect(scan(chunks).rest).toBeUndefined()
    for (const chunks of cuts(`${smuggled}.\r\nNOOP\r\n`)) {
      const { content, rest } = scan(chunks)
      expect(rest).toBe('NOOP\r\n')
      expect(content).toContain('MAIL FROM:<evil@example.org>')
    }
  })

  test('is CRLF.CRLF, and .CRLF where there is nothing before it', () => {
    for (const chunks of cuts('a\r\n.\r\nb')) expect(scan(chunks)).toEqual({ content: 'a\r\n', rest: 'b' })
    for (const chunks of cuts('.\r\nb')) expect(scan(chunks)).toEqual({ content: '', rest: 'b' })
  })

  test('leaves what is behind it untouched', () => {
    const behind = 'RSET\r\nMAIL FROM:<a@example.org>\r\n..\r\n.\r\n'
    for (const chunks of cuts(`a\r\n.\r\n${behind}`)) expect(scan(chunks).rest).toBe(behind)
  })
})
