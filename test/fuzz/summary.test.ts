// Summaries of generated mail beside the tree that the scanner sees. Seeds are fixed: a failure repeats itself.
import { describe, expect, it } from 'vitest'
import { readEnvelopeFields } from '../../core/model/header/envelope-fields.ts'
import type { Header } from '../../core/model/header/header.ts'
import { type MimePart, scanMessage } from '../../core/model/mime/mime.ts'
import {
  decodeSummary,
  encodeSummary,
  isSummaryField,
  Summariser,
  withUid,
} from '../../core/summary/index.ts'
import { nastyMessage } from '../generator/nasty.ts'
import { Random } from '../generator/random.ts'
import { realisticCorpus } from '../generator/realistic.ts'

type Keeps = (name: string) => boolean

function fieldsOf(header: Header, keeps: Keeps): unknown {
  return header.fields
    .filter(({ name }) => name !== '' && keeps(name))
    .map(({ name, raw, body, text }) => [name, raw.toString('latin1'), body, text])
}

const isMimeField: Keeps = (name) => /^content-/i.test(name)

/** All that a tree says, with the fields that a summary should keep. */
function facts(part: MimePart, keeps: Keeps): unknown {
  return {
    extent: [part.headerStart, part.bodyStart, part.bodyEnd, part.lines],
    type: [part.mediaType, ...part.contentType.parameters],
    odd: [part.contentType.parameters.truncated, ...part.contentType.parameters.duplicates],
    disposition: [part.disposition?.kind, ...(part.disposition?.parameters ?? [])],
    listed: [
      part.encoding,
      part.filename,
      part.id,
      part.description,
      part.languages,
      part.location,
      part.md5,
    ],
    header: [part.header.ended, part.header.truncated, fieldsOf(part.header, keeps)],
    children: part.children.map((child) => facts(child, isMimeField)),
    message: part.message && facts(part.message, isSummaryField),
  }
}

function summarised(octets: Buffer, random?: Random): Buffer {
  const summariser = new Summariser()
  for (let at = 0; at < octets.length; ) {
    const length = random === undefined ? octets.length : random.between(1, random.chance(0.5) ? 10 : 3_000)
    summariser.add(octets.subarray(at, at + length))
    at += length
  }
  return encodeSummary(summariser.finish())
}

function check(octets: Buffer, random: Random): void {
  const { root } = scanMessage(octets)
  const stored = summarised(octets)
  const summary = decodeSummary(1, stored)
  if (summary === undefined) throw new Error('not a summary')
  expect(facts(summary.structure, isSummaryField)).toEqual(facts(root, isSummaryField))
  expect(summary.structure.header).toBe(summary.header)
  expect(summary.envelope).toEqual(readEnvelopeFields(root.header))
  expect(summary.preview.length).toBeLessThanOrEqual(200)
  expect(summary.preview).not.toMatch(/[\x00-\x1f\x7f-\x9f]|^\s|\s$| {2}|[\ud800-\udbff]$/)
  const { header, omitted, envelope, structure, preview } = summary
  expect(encodeSummary({ header, omitted, envelope, structure, preview })).toEqual(stored)
  expect(summarised(octets, random)).toEqual(stored)
}

describe('a summary', () => {
  it('says what the scanner says of realistic mail, in little room', () => {
    const corpus = realisticCorpus(11, 100)
    const random = new Random(12)
    for (const octets of corpus) check(octets, random)
    const sizes = corpus.map((octets) => {
      const summary = decodeSummary(1, summarised(octets))
      return summary?.header.raw.length ?? 0
    })
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeLessThan(1_200)
  })

  it('says what the scanner says of nasty mail', () => {
    const random = new Random(13)
    for (let round = 0; round < 700; round += 1) check(nastyMessage(random), random)
  })

  it('says what the scanner says of mail with octets changed and cut', () => {
    const random = new Random(14)
    for (let round = 0; round < 500; round += 1) {
      const octets = Buffer.from(nastyMessage(random))
      for (let count = random.between(1, 6); count > 0; count -= 1)
        octets[random.below(octets.length)] = random.chance(0.5) ? 10 : random.below(256)
      check(octets.subarray(0, random.between(0, octets.length)), random)
    }
  })

  it('is never much larger than the message, whatever the message is', () => {
    const floods = [
      'Subject: x\r\n'.repeat(20_000),
      `Subject: ${'x'.repeat(2_000_000)}`,
      `X-Any: ${'x'.repeat(2_000_000)}`,
      Array.from({ length: 20_000 }, (_, index) => `X-${index}: x\r\n`).join(''),
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-ID: <x>\r\n\r\n'.repeat(20_000)}`,
      'Content-Type: message/rfc822\r\n\r\n'.repeat(20_000),
      `To: ${'a@example.org, '.repeat(50_000)}\r\n\r\n`,
      `\r\n${'<'.repeat(500_000)}`,
      `Content-Type: text/html\r\n\r\n${'&#'.repeat(500_000)}`,
    ]
    for (const text of floods) {
      const stored = summarised(Buffer.from(text))
      const summary = decodeSummary(1, stored)
      expect(stored.length).toBeLessThan(text.length * 1.2 + 200_000)
      expect(summary?.structure.bodyEnd).toBe(text.length)
    }
  })

  it('keeps its octets for whatever UID', () => {
    const [octets = Buffer.alloc(0)] = realisticCorpus(15, 1)
    const summariser = new Summariser()
    summariser.add(octets)
    const facts = summariser.finish()
    expect([withUid(5, facts).uid, encodeSummary(withUid(5, facts))]).toEqual([5, encodeSummary(facts)])
  })
})
