// Every parser of core/model is given what nobody should send. Seeds are fixed: a failure repeats itself. Nothing may
// throw, and work may grow with the input only as the input grows; that is asserted as a ratio of CPU times, with a
// bound that only something quadratic can break.
import process from 'node:process'
import { liveMemory } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress, parsePath } from '../../core/model/address/address.ts'
import { parseAddressList } from '../../core/model/address/address-list.ts'
import { parseDate } from '../../core/model/header/date.ts'
import { readEnvelopeFields } from '../../core/model/header/envelope-fields.ts'
import { type Header, parseHeader } from '../../core/model/header/header.ts'
import { decodeText } from '../../core/model/mime/charset.ts'
import { decodeEncodedWords } from '../../core/model/mime/encoded-word.ts'
import {
  type MessageStructure,
  type MimePart,
  MimeScanner,
  scanMessage,
  walkParts,
} from '../../core/model/mime/mime.ts'
import { decodeBody } from '../../core/model/mime/mime-body.ts'
import { parseContentDisposition, parseContentType } from '../../core/model/mime/parameters.ts'
import { nastyMessage } from '../generator/nasty.ts'
import { Random } from '../generator/random.ts'
import { realisticCorpus } from '../generator/realistic.ts'

/** Pieces that mean something to some parser; random sequences of them reach further than random octets. */
const pieces: readonly [string, ...string[]] = [
  '\r\n',
  ...'@<>()[]",;:\\/=?*\'._- \t\r\n\0%',
  '\r\n',
  '\r\n\r\n',
  '--',
  '--b',
  '--b--',
  '\r\n--b\r\n',
  '=?utf-8?q?',
  '=?x?b?',
  '?=',
  "utf-8''",
  '*0*=',
  '%C3',
  '=3D',
  '=\r\n',
  'a',
  'jo@example.org',
  'xn--',
  '\xc3\xbc',
  '\xff',
  'Content-Type: ',
  'Content-Type: multipart/mixed; boundary=b\r\n\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'From: ',
  'charset=',
  '__proto__',
  '1 Jan 2026 10:00',
  '+0000',
  'IPv6:::1',
  'ü',
  '\ud800',
  '\u202e',
]

function soup(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick(pieces)).join('')
}

/** Calls everything that takes text. */
function readText(text: string): void {
  const address = parseAddress(text)
  if (address !== undefined) expect(parseAddress(formatAddress(address))).toEqual(address)
  parsePath(text)
  for (const each of parseAddressList(text).mailboxes) [each.address, each.name]
  decodeEncodedWords(text)
  parseDate(text)
  parseContentDisposition(text)
  for (const [, value] of parseContentType(`text/plain;${text}`)?.parameters ?? [])
    expect(value).not.toMatch(/[\r\n\0]/)
}

/** Reads everything a structure has to say. */
function readAll(structure: MessageStructure, octets: Buffer): void {
  for (const { part } of walkParts(structure.root)) {
    readHeader(part.header)
    void [part.disposition, part.filename, part.id, part.description, part.languages, part.location, part.md5]
    expect(part.headerStart).toBeLessThanOrEqual(part.bodyStart)
    expect(part.bodyStart).toBeLessThanOrEqual(part.bodyEnd)
    expect(part.bodyEnd).toBeLessThanOrEqual(octets.length)
    if (part.children.length > 0 || part.message !== undefined) continue
    const decoded = decodeBody(octets.subarray(part.bodyStart, part.bodyEnd), part.encoding)
    decodeText(decoded, part.contentType.parameters.get('charset'))
  }
}

function readHeader(header: Header): void {
  readEnvelopeFields(header)
  for (const field of header.fields) expect(`${field.body}${field.text}`).not.toMatch(/[\r\n\0]/)
}

function facts(part: MimePart): unknown {
  return [
    part.mediaType,
    [part.headerStart, part.bodyStart, part.bodyEnd, part.lines],
    part.header.raw.toString('latin1'),
    part.children.map(facts),
    part.message && facts(part.message),
  ]
}

function summary({ root, size, anomalies }: MessageStructure): unknown {
  return { root: facts(root), size, anomalies: [...anomalies].sort() }
}

function inRandomChunks(random: Random, octets: Buffer): MessageStructure {
  const scanner = new MimeScanner()
  for (let at = 0; at < octets.length; ) {
    const length = random.chance(0.5) ? random.between(1, 10) : random.between(1, 3_000)
    scanner.push(octets.subarray(at, at + length))
    at += length
  }
  return scanner.finish()
}

function mutated(random: Random, octets: Buffer): Buffer {
  let text = octets.toString('latin1')
  for (let count = random.between(1, 8); count > 0; count -= 1) {
    const at = random.below(text.length)
    const end = Math.min(text.length, at + random.below(random.chance(0.2) ? 2_000 : 4))
    const put = random.chance(0.3)
      ? text.slice(random.below(text.length)).slice(0, random.below(500))
      : random.pick(pieces)
    text = text.slice(0, at) + put + text.slice(random.chance(0.5) ? at : end)
  }
  return Buffer.from(text, 'latin1')
}

describe('random input', () => {
  it('is answered by every parser of text', () => {
    const random = new Random(1)
    for (let round = 0; round < 5_000; round += 1) readText(soup(random, random.between(0, 40)))
    for (let round = 0; round < 1_000; round += 1)
      readText(random.octets(random.below(200)).toString('latin1'))
  })

  it('is answered by the header parser and the scanner, the same in any chunks', () => {
    const random = new Random(2)
    for (let round = 0; round < 3_000; round += 1) {
      const octets = Buffer.from(soup(random, random.between(0, 80)), 'latin1')
      readHeader(parseHeader(octets))
      const structure = scanMessage(octets)
      readAll(structure, octets)
      expect(summary(inRandomChunks(random, octets))).toEqual(summary(structure))
    }
    for (let round = 0; round < 300; round += 1) {
      const octets = random.octets(random.below(2_000))
      readAll(scanMessage(octets), octets)
    }
  })

  it('made of messages by mutation is answered, the same in any chunks', () => {
    const random = new Random(3)
    const corpus = [...realisticCorpus(4, 12), ...Array.from({ length: 60 }, () => nastyMessage(random))]
    for (let round = 0; round < 600; round += 1) {
      const octets = mutated(random, corpus[round % corpus.length] ?? Buffer.alloc(0))
      const structure = scanMessage(octets)
      readAll(structure, octets)
      expect(summary(inRandomChunks(random, octets))).toEqual(summary(structure))
    }
  })

  it('is decoded as any encoding and charset', () => {
    const random = new Random(5)
    for (let round = 0; round < 2_000; round += 1) {
      const octets = Buffer.from(soup(random, random.between(0, 60)), 'latin1')
      decodeText(decodeBody(octets, 'base64'), soup(random, 2))
      decodeText(
        decodeBody(octets, 'quoted-printable'),
        random.pick(['utf-8', 'utf-16', 'iso-2022-jp', 'gb18030', 'big5']),
      )
    }
  })
})

const mixed = (boundary: string) => `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`

/** Hostile messages of a size that can be chosen. */
const messages: Record<string, (size: number) => string> = {
  'nested multiparts': (size) =>
    Array.from({ length: size }, (_, level) => `${mixed(`b${level}.`)}--b${level}.\r\n`).join(''),
  'nested multiparts with one boundary': (size) => `${mixed('b')}--b\r\n`.repeat(size),
  'nested messages': (size) => 'Content-Type: message/rfc822\r\n\r\n'.repeat(size),
  'empty parts': (size) => mixed('b') + '--b\r\n'.repeat(size),
  'empty parts without line ends': (size) => mixed('b') + '--b\n\n'.repeat(size),
  'lines that begin like delimiters': (size) => `${nested(90)}${'--\n'.repeat(size * 10)}`,
  'lines that are nearly delimiters': (size) => `${nested(90)}${'--b50-\n'.repeat(size * 5)}`,
  'header of one line': (size) => `Subject: ${'x'.repeat(size * 100)}`,
  'header of colons': (size) => `Subject${': '.repeat(size * 50)}`,
  'header of stray lines': (size) => 'xxxxxxxxx\r\n'.repeat(size * 10),
  'header of one stray line': (size) => 'x'.repeat(size * 100),
  'header of folds': (size) => `Subject: x${'\r\n '.repeat(size * 20)}`,
  'header of fields': (size) => 'A: b\r\n'.repeat(size * 10),
  'addresses in a To': (size) => `To: ${'a@example.org, '.repeat(size)}\r\n\r\n`,
  'groups in a To': (size) => `To: ${'a:'.repeat(size * 10)}\r\n\r\n`,
  'encoded words': (size) => `Subject: ${'=?utf-8?q?a?= '.repeat(size * 5)}\r\n\r\n`,
  'half encoded words': (size) => `Subject: ${'=?utf-8?q?a'.repeat(size * 5)}\r\n\r\n`,
  'RFC 2231 pieces': (size) =>
    `Content-Type: text/plain${Array.from({ length: size * 5 }, (_, number) => `; name*${number}*=x`).join('')}\r\n\r\n`,
  'bare CR': (size) => `\r\n${'\r'.repeat(size * 50)}`,
  'bare LF': (size) => `\r\n${'\n'.repeat(size * 50)}`,
  NUL: (size) => `\r\n${'\0'.repeat(size * 50)}`,
  'spaces behind a delimiter': (size) => `${mixed('b')}--b${' '.repeat(size * 100)}`,
}

function nested(depth: number): string {
  return Array.from({ length: depth }, (_, level) => `${mixed(`b${level}`)}--b${level}\r\n`).join('')
}

/** Hostile texts for the parsers of one field. */
const texts: Record<string, (size: number) => string> = {
  'open comments': (size) => '('.repeat(size),
  'open quotes': (size) => '"'.repeat(size + 1),
  backslashes: (size) => `"${'\\'.repeat(size)}`,
  'open angles': (size) => '<'.repeat(size),
  ats: (size) => '@'.repeat(size),
  dots: (size) => '. '.repeat(size),
  words: (size) => 'a '.repeat(size),
  semicolons: (size) => ';'.repeat(size),
  spaces: (size) => `${' '.repeat(size)}x`,
  'quoted words': (size) => '"a" '.repeat(size),
  comments: (size) => '(a)'.repeat(size),
  parentheses: (size) => ' (('.repeat(size),
  'question marks': (size) => '=?'.repeat(size),
  'encoded word of one letter': (size) => `=?utf-8?b?${'A'.repeat(size)}?=`,
  'encoded word without end': (size) => `=?utf-8?q?${'_'.repeat(size)}`,
  'equals signs': (size) => '='.repeat(size),
  'padding and letters': (size) => 'A='.repeat(size),
  'source routes': (size) => '<@a'.repeat(size),
  'route of hops': (size) => `<${'@a,'.repeat(size)}@a:b@c>`,
  percent: (size) => `; a*=x''${'%41'.repeat(size)}`,
}

function cpu(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/**
 * CPU time for eight times the input, over that for the input. Small inputs are timed as too small to tell anything, so
 * both get a millisecond on top.
 */
function growth(
  work: (input: Buffer | string) => void,
  make: (size: number) => Buffer | string,
  size: number,
): number {
  const small = make(size)
  const large = make(size * 8)
  work(small)
  const once = Math.min(...[1, 2, 3].map(() => cpu(() => work(small))))
  return (cpu(() => work(large)) + 1_000) / (once + 1_000)
}

function scanAndRead(input: Buffer | string): void {
  const octets = Buffer.from(input)
  readAll(scanMessage(octets), octets)
  readHeader(parseHeader(octets))
}

function readFieldText(input: Buffer | string): void {
  const text = String(input)
  readText(text)
  decodeBody(Buffer.from(text), 'base64')
  decodeBody(Buffer.from(text), 'quoted-printable')
}

// A quadratic parser would need 64 times as long for eight times the input.
const MOST_GROWTH = 40

describe('hostile input takes linear time', () => {
  it.each(Object.entries(messages))('message: %s', (_, make) => {
    expect(growth(scanAndRead, (size) => Buffer.from(make(size), 'latin1'), 5_000)).toBeLessThan(MOST_GROWTH)
  })

  it.each(Object.entries(texts))('field: %s', (_, make) => {
    expect(growth(readFieldText, make, 50_000)).toBeLessThan(MOST_GROWTH)
  })
})

describe('hostile input in the sizes that were seen', () => {
  it('takes fields named like properties for fields', () => {
    const header = parseHeader(Buffer.from('__proto__: a\r\nconstructor: b\r\ntoString: c\r\n\r\n'))
    expect(header.names).toEqual(['__proto__', 'constructor', 'tostring'])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    const { root } = scanMessage(Buffer.from('Content-Type: __proto__/constructor; __proto__=x\r\n\r\n'))
    expect([root.mediaType, root.contentType.parameters.get('__PROTO__')]).toEqual([
      '__proto__/constructor',
      'x',
    ])
  })

  it('reads 100,000 addresses up to the limit', () => {
    const header = parseHeader(Buffer.from(`To: ${'jo@example.org,\r\n '.repeat(100_000)}\r\n\r\n`))
    const { to } = readEnvelopeFields(header)
    expect([to.entries.length, to.truncated]).toEqual([1000, true])
  })

  it('keeps 10,000 nested multiparts and messages as a leaf at depth 100', () => {
    for (const make of [messages['nested multiparts'], messages['nested messages']]) {
      const { root, anomalies } = scanMessage(Buffer.from(make?.(10_000) ?? ''))
      expect([...walkParts(root)].length).toBeLessThanOrEqual(101)
      expect(anomalies).toContain('depth')
      let depth = 0
      for (let part: MimePart | undefined = root; part !== undefined; part = part.message ?? part.children[0])
        depth += 1
      expect(depth).toBe(101)
    }
  })

  it('reads a header line of 10 MB in part and finds the body behind it', () => {
    const octets = Buffer.from(`Subject: ${'x'.repeat(10_000_000)}\r\nTo: jo\r\n\r\nbody`)
    const { root, anomalies } = scanMessage(octets)
    expect(octets.toString('latin1', root.bodyStart)).toBe('body')
    expect(root.header.text('subject')).toHaveLength(1_048_576 - 'Subject: '.length)
    expect(anomalies).toEqual(new Set(['header-truncated']))
  })

  it('takes 100,000 RFC 2231 continuations for 100', () => {
    const pieces = Array.from({ length: 100_000 }, (_, number) => `;\r\n filename*${number}=x`).join('')
    const { root } = scanMessage(Buffer.from(`Content-Disposition: attachment${pieces}\r\n\r\n`))
    expect(root.disposition?.parameters.truncated).toBe(true)
    expect(root.filename).toBe('x'.repeat(100))
  })

  it('opens 10,000 of 100,000 empty parts', () => {
    const { root, anomalies } = scanMessage(Buffer.from(mixed('b') + '--b\r\n\r\n'.repeat(100_000)))
    expect(root.children).toHaveLength(9_999)
    expect(anomalies).toContain('parts')
  })

  it('decodes what is in a bad charset as far as it can', () => {
    for (const charset of [
      'utf-7',
      'x-unknown',
      'utf-8\0',
      '',
      '='.repeat(10_000),
      'hz-gb-2312',
      'replacement',
    ]) {
      expect(decodeText(Buffer.from('plain'), charset)).toContain('plain')
    }
  })

  it('keeps no body: memory stays while 200 MB go through', () => {
    const scanner = new MimeScanner()
    const line = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(13_000))
    scanner.push(Buffer.from(`${mixed('b')}--b\r\nContent-Transfer-Encoding: base64\r\n\r\n`))
    const before = liveMemory()
    for (let count = 0; count < 200; count += 1) scanner.push(line)
    const kept = liveMemory() - before
    expect(scanner.finish().size).toBeGreaterThan(200_000_000)
    expect(kept).toBeLessThan(20_000_000)
  })
})
