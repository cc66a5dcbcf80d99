import { crc32 } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { type MimePart, scanMessage } from '../model/mime/mime.ts'
import type { MimeLimits } from '../model/mime/mime-limits.ts'
import type { SummaryFacts } from '../model/summary.ts'
import { imapBodyStructure, imapEnvelope } from './imap-texts.ts'
import { OctetReader } from './octet-reader.ts'
import { decodeSummary, encodeSummary, storedSummary, withUid } from './stored-summary.ts'

const message = Buffer.from(
  [
    'Received: from a',
    'From: =?utf-8?q?B=C3=BCro?= <office@example.org>',
    'Subject: one',
    '\ttwo',
    `X-Long: ${'x'.repeat(9_000)}`,
    'Content-Type: multipart/digest; boundary=b',
    '',
    '--b',
    '',
    'Subject: within',
    'Received: from b',
    '',
    'body',
    '--b',
    'Content-Type: text/plain; name="a.txt"',
    'Content-ID: <1@example.org>',
    'Content-Language: de, en',
    'X-Other: y',
    '',
    'one',
    'two',
    '--b',
    'Content-Type: no type',
    '',
    '',
    '--b--',
    '',
  ].join('\r\n'),
)

function summaryOf(
  octets: Buffer,
  limits?: Partial<MimeLimits>,
  preview = 'préview \u{1f600}',
): SummaryFacts {
  return storedSummary(scanMessage(octets, limits).root, preview)
}

/** What a tree says, without its headers. */
function facts(part: MimePart): unknown {
  return {
    type: part.mediaType,
    parameters: [...part.contentType.parameters],
    extent: [part.headerStart, part.bodyStart, part.bodyEnd, part.lines],
    listed: [
      part.encoding,
      part.disposition,
      part.filename,
      part.id,
      part.description,
      part.languages,
      part.location,
      part.md5,
    ],
    children: part.children.map(facts),
    message: part.message && facts(part.message),
  }
}

function decoded(octets: Buffer) {
  const summary = decodeSummary(7, octets)
  if (summary === undefined) throw new Error('not a summary')
  return summary
}

function withChecksum(octets: Buffer): Buffer {
  octets.writeUInt32LE(crc32(octets.subarray(0, -4)), octets.length - 4)
  return octets
}

describe('encodeSummary and decodeSummary', () => {
  it('keep header, envelope, structure and preview', () => {
    const summary = decoded(encodeSummary(summaryOf(message)))
    expect(summary.uid).toBe(7)
    expect(summary.header.names).toEqual(['from', 'subject', 'content-type'])
    expect(summary.header.raw.toString()).toBe(
      [
        'From: =?utf-8?q?B=C3=BCro?= <office@example.org>',
        'Subject: one',
        '\ttwo',
        'Content-Type: multipart/digest; boundary=b',
        '',
        '',
      ].join('\r\n'),
    )
    expect([summary.header.ended, summary.header.truncated, summary.omitted]).toEqual([
      true,
      false,
      ['x-long'],
    ])
    expect(summary.envelope.subject).toBe('one\ttwo')
    expect(summary.envelope.from.mailboxes[0]?.name).toBe('Büro')
    expect(summary.preview).toBe('préview \u{1f600}')
    expect(facts(summary.structure)).toEqual(facts(scanMessage(message).root))
    expect(summary.structure.header).toBe(summary.header)
  })

  it('keep of a part its MIME fields, of an attached message its header by the same rule', () => {
    const { children } = summaryOf(message).structure
    expect(children[0]?.message?.header.raw.toString()).toBe('Subject: within\r\n\r\n')
    expect(children[1]?.header.names).toEqual(['content-type', 'content-id', 'content-language'])
    expect(children.map((part) => part.mediaType)).toEqual(['message/rfc822', 'text/plain', 'text/plain'])
  })

  it('read of a part what stands above it only when it is asked for', () => {
    const text = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-ID: <1>\r\n\r\nx\r\n'.repeat(1_000)}--b--\r\n`
    const summary = decoded(encodeSummary(summaryOf(Buffer.from(text))))
    const read = vi.spyOn(OctetReader.prototype, 'text')
    try {
      expect(summary.structure.children[500]?.id).toBe('<1>')
      expect(read.mock.calls.length).toBeLessThan(5)
    } finally {
      read.mockRestore()
    }
  })

  it('write a summary that another store made as a value', () => {
    const { header, omitted, envelope, structure, preview } = summaryOf(message)
    const full = {
      header: scanMessage(message).root.header,
      omitted: ['x-more'],
      envelope,
      structure,
      preview,
    }
    expect(encodeSummary({ header, omitted, envelope, structure, preview })).toEqual(
      encodeSummary(summaryOf(message)),
    )
    const again = decoded(encodeSummary(full))
    expect(again.omitted).toEqual(['x-more', 'x-long'])
    expect(again.header.names).toEqual(header.names)
  })

  it('cost nothing for what is encoded already', () => {
    const summary = summaryOf(message)
    expect(encodeSummary(withUid(3, summary))).toBe(encodeSummary(summary))
    expect(withUid(3, summary).uid).toBe(3)
    expect(decoded(encodeSummary(summary)).header).toEqual(summary.header)
  })

  it.each([
    ['nothing', ''],
    ['a header alone', 'Subject: x'],
    ['a header that ends', 'Subject: x\r\n\r\n'],
    ['a header with bare LF', 'From: a\nSubject: x\n y\n\nbody'],
    ['a body alone', '\r\nbody'],
    ['only trace fields', 'Received: x\r\nARC-Seal: y\r\n\r\nbody'],
    ['the last field not kept', 'Subject: x\r\nReceived: y'],
    ['8-bit fields', 'Subject: \xfc\r\nFrom: \xc3\xbc\r\n\r\n'],
    ['fields named like properties', '__proto__: a\r\nconstructor: b\r\n\r\n'],
  ])('keep %s', (_, text) => {
    const octets = Buffer.from(text, 'latin1')
    const { root } = scanMessage(octets)
    const summary = decoded(encodeSummary(summaryOf(octets)))
    const kept = root.header.fields.filter(({ name }) => !/^(?:received|arc-seal)$/i.test(name))
    expect(summary.header.fields.map(({ name, raw }) => [name, raw.toString('latin1')])).toEqual(
      kept.map(({ name, raw }) => [name, raw.toString('latin1')]),
    )
    expect(summary.header.ended).toBe(root.header.ended)
    expect(facts(summary.structure)).toEqual(facts(root))
  })

  it('keep a header that limits cut', () => {
    const octets = Buffer.from(`From: a\r\nSubject: ${'x'.repeat(100)}\r\nTo: b\r\n\r\nbody`)
    const { header } = decoded(encodeSummary(summaryOf(octets, { headerOctets: 50 })))
    expect([header.names, header.truncated, header.ended]).toEqual([['from', 'subject'], true, true])
    expect(header.first('subject')?.body).toMatch(/^x{30,32}$/)
    const few = decoded(encodeSummary(summaryOf(octets, { headerFields: 1 }))).header
    expect([few.names, few.truncated]).toEqual([['from'], true])
  })

  it('take 10,000 multiparts and messages in each other', () => {
    const limits = { depth: 20_000, parts: 50_000 }
    const multiparts = Array.from(
      { length: 10_000 },
      (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
    )
    const messages = 'Content-Type: message/rfc822\r\n\r\n'.repeat(10_000)
    for (const text of [multiparts.join(''), messages]) {
      const { structure } = decoded(encodeSummary(summaryOf(Buffer.from(text), limits)))
      let depth = 0
      for (
        let part: MimePart | undefined = structure;
        part !== undefined;
        part = part.message ?? part.children[0]
      )
        depth += 1
      expect(depth).toBe(10_001)
    }
  })

  it('take 10,000 parts beside each other', () => {
    const text = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(20_000)}`
    const { children } = decoded(encodeSummary(summaryOf(Buffer.from(text)))).structure
    expect(children).toHaveLength(9_999)
    expect(children.every((part, index) => part.headerStart >= (children[index - 1]?.bodyEnd ?? 0))).toBe(
      true,
    )
  })
})

describe('decodeSummary', () => {
  const whole = encodeSummary(summaryOf(message))

  it('answers nothing for octets that are damaged anywhere', () => {
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      expect(decodeSummary(1, damaged)).toBeUndefined()
    }
  })

  it('answers nothing for octets that are cut or too many', () => {
    for (let length = 0; length < whole.length; length += 1)
      expect(decodeSummary(1, whole.subarray(0, length))).toBeUndefined()
    expect(decodeSummary(1, Buffer.concat([whole, Buffer.alloc(1)]))).toBeUndefined()
    expect(decodeSummary(1, Buffer.alloc(100))).toBeUndefined()
  })

  it('throws for nothing, though the checksum is right', () => {
    for (let at = 1; at < whole.length - 4; at += 1) {
      for (const octet of [0, 1, 0x7f, 0x80, 0xff, (whole[at] ?? 0) ^ 4]) {
        const other = Buffer.from(whole)
        other[at] = octet
        const summary = decoded(withChecksum(other))
        facts(summary.structure)
        expect([...summary.preview].length + summary.omitted.length).toBeLessThan(20_000)
        expect(summary.header.size + summary.envelope.from.entries.length).toBeLessThan(20_000)
        expect(`${imapEnvelope(summary)}${imapBodyStructure(summary)}`.length).toBeLessThan(20_000)
      }
    }
    for (let length = 6; length < whole.length; length += 1) {
      const summary = decoded(withChecksum(Buffer.from(whole.subarray(0, length))))
      expect(facts(summary.structure)).toMatchObject({ type: expect.any(String) })
    }
  })
})
