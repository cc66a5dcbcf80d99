import { describe, expect, it } from 'vitest'
import { type MessageStructure, type MimePart, MimeScanner, scanMessage } from './mime.ts'

const message = Buffer.from(
  [
    'From: jo@example.org',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'preamble\rwith a bare CR',
    '--b  ',
    'Content-Type: text/plain',
    '',
    `${'long '.repeat(200)}`,
    '--b',
    'Content-Type: message/rfc822',
    '',
    `Subject: ${'folded\r\n '.repeat(100)}`,
    'Content-Type: multipart/alternative; boundary=bb',
    '',
    '--bb',
    '',
    '-',
    '--',
    '--bb',
    'no blank line',
    '--bb--',
    '--b--',
    'epilogue',
    '--b',
    '',
  ].join('\r\n'),
)

function facts(part: MimePart): unknown {
  return {
    type: part.mediaType,
    extent: [part.headerStart, part.bodyStart, part.bodyEnd, part.lines],
    header: part.header.raw.toString('latin1'),
    children: part.children.map(facts),
    message: part.message && facts(part.message),
  }
}

function summary(structure: MessageStructure): unknown {
  return { root: facts(structure.root), size: structure.size, anomalies: [...structure.anomalies].sort() }
}

describe('MimeScanner', () => {
  it('answers the same however the octets are cut into chunks', () => {
    const whole = summary(scanMessage(message))
    for (const size of [1, 2, 3, 7, 64, 399, 400, 401, 1000]) {
      const scanner = new MimeScanner()
      for (let at = 0; at < message.length; at += size) scanner.push(message.subarray(at, at + size))
      expect(summary(scanner.finish())).toEqual(whole)
    }
    for (let at = 0; at <= message.length; at += 1) {
      const scanner = new MimeScanner()
      scanner.push(message.subarray(0, at))
      scanner.push(Buffer.alloc(0))
      scanner.push(message.subarray(at))
      expect(summary(scanner.finish())).toEqual(whole)
    }
  })

  it('answers the same in one chunk of many windows', () => {
    const filler = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(5000))
    const text = Buffer.concat([
      Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n'),
      filler,
    ])
    const big = Buffer.concat([text, Buffer.from('--b\r\n\r\n'), filler, Buffer.from('--b--')])
    const scanner = new MimeScanner()
    for (let at = 0; at < big.length; at += 9_973) scanner.push(big.subarray(at, at + 9_973))
    const structure = scanMessage(big)
    expect(summary(scanner.finish())).toEqual(summary(structure))
    expect(structure.root.children.map((part) => part.lines)).toEqual([4999, 4999])
    expect(structure.root.children.map((part) => part.size)).toEqual([389_998, 389_998])
  })

  it('does not depend on chunks that the caller uses again', () => {
    const chunk = Buffer.alloc(10)
    const scanner = new MimeScanner()
    for (let at = 0; at < message.length; at += 10) {
      const length = message.copy(chunk, 0, at)
      scanner.push(chunk.subarray(0, length))
    }
    chunk.fill(0)
    expect(summary(scanner.finish())).toEqual(summary(scanMessage(message)))
  })

  it('is finished once', () => {
    const scanner = new MimeScanner()
    scanner.push(message)
    const structure = scanner.finish()
    scanner.push(message)
    expect(scanner.finish()).toBe(structure)
    expect(structure.size).toBe(message.length)
  })

  it('answers for no octets at all', () => {
    expect(new MimeScanner().finish().root.mediaType).toBe('text/plain')
  })

  it('does not take a line for a delimiter that is longer than it keeps', () => {
    const pad = (spaces: number) =>
      Buffer.from(
        `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b${' '.repeat(spaces)}\r\n\r\nx\r\n--b--`,
      )
    expect(scanMessage(pad(300)).root.children).toHaveLength(1)
    expect(scanMessage(pad(500)).root.children).toHaveLength(0)
  })

  it('takes what begins with a boundary for a delimiter, the longest of several (RFC 2046 §5.1.1)', () => {
    const lines = (...all: readonly string[]) => Buffer.from(all.join('\r\n'))
    const text = ['--b and more', '', 'one', '--bc', 'Content-Type: multipart/mixed; boundary=bcd', '', '']
    const { root, anomalies } = scanMessage(
      lines(
        'Content-Type: multipart/mixed; boundary=b',
        '',
        ...text,
        '--bcd',
        '',
        'two',
        '--bcd--x',
        '--b--y',
        '-- b',
      ),
    )
    const { children } = root
    expect(anomalies).toContain('delimiter-with-text')
    expect(children.map(({ mediaType }) => mediaType)).toEqual(['text/plain', 'multipart/mixed'])
    expect(children[1]?.children).toHaveLength(1)
  })
})
