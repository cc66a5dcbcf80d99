// Searches and signatures of generated mail. Seeds are fixed: a failure repeats itself.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { bufferContent, type Content } from '../../core/model/content.ts'
import {
  foldedNeedle,
  foldText,
  mayContain,
  type SearchSource,
  searchEntries,
  signText,
} from '../../core/search/index.ts'
import { readTexts, type TextPlace } from '../../core/search/message-texts.ts'
import type { MessageEntry } from '../../core/services/mailbox.ts'
import { decodeSummary, encodeSummary, summarise } from '../../core/summary/index.ts'
import { Pacer } from '../../core/summary/pacer.ts'
import { nastyMessage } from '../generator/nasty.ts'
import { Random } from '../generator/random.ts'
import { realisticCorpus } from '../generator/realistic.ts'
import { worldlyMessage } from '../generator/worldly.ts'

interface Text {
  readonly place: TextPlace
  text: string
}

async function textsOf(content: Content): Promise<readonly Text[]> {
  const texts: Text[] = []
  const take = (folded: string, place: TextPlace, continues: boolean): void => {
    const last = texts.at(-1)
    if (continues && last !== undefined) last.text += folded
    else texts.push({ place, text: folded })
  }
  await readTexts(content, { isDone: false, take }, new Pacer())
  return texts
}

/** The same octets as a content that is only streamed, in chunks of random sizes. */
function streamed(octets: Buffer, random: Random): Content {
  return {
    size: 1_000_000_000,
    read: async (start, end) => octets.subarray(start, end),
    stream(start = 0, end = octets.length) {
      const chunks: Buffer[] = []
      for (let at = start; at < Math.min(end, octets.length); ) {
        const next = Math.min(at + random.between(1, random.chance(0.5) ? 20 : 100_000), end, octets.length)
        chunks.push(octets.subarray(at, next))
        at = next
      }
      return Readable.from(chunks, { objectMode: false })
    },
  }
}

/** A part of a text, from anywhere in it. */
function partOf(text: string, random: Random): string {
  const start = random.below(text.length)
  return text.slice(start, start + random.between(1, 40))
}

/** Messages with bodies in many encodings, of which the charset may be another than they say; some of several blocks. */
function mislabelledMessage(random: Random): Buffer {
  const words = [
    'Größe',
    '\u4e2d\u6587',
    'Привет',
    'e\u0323\u0301\u0302',
    'ΟΔΟΣ',
    'İstanbul',
    '\u{1f600}',
    'ﬁne',
    'word',
    '한국어',
  ]
  let text = ''
  for (let count = random.below(random.chance(0.1) ? 15_000 : 200); count > 0; count -= 1)
    text +=
      (words[random.below(words.length)] ?? '') +
      (random.chance(0.1) ? '\r\n' : random.chance(0.8) ? ' ' : '')
  const charset = random.pick(['utf-8', 'utf-16le', 'iso-8859-1', 'x-unknown', 'us-ascii', 'gb18030', ''])
  const octets =
    charset === 'utf-16le'
      ? Buffer.from(text, 'utf16le')
      : Buffer.from(text, random.chance(0.5) ? 'utf8' : 'latin1')
  const encoding = random.pick(['8bit', 'base64', 'quoted-printable'])
  const quoted = (octet: string) => `=${octet.charCodeAt(0).toString(16).padStart(2, '0')}`
  const body =
    encoding === 'base64'
      ? octets.toString('base64').replace(/.{76}/g, random.chance(0.5) ? '$&\r\n' : '$&')
      : encoding === 'quoted-printable'
        ? octets.toString('latin1').replace(/[^ -<>-~]/g, quoted)
        : octets.toString('latin1')
  const type =
    charset === '' ? '' : `Content-Type: text/${random.pick(['plain', 'html'])}; charset=${charset}\r\n`
  return Buffer.from(
    `Subject: =?utf-8?b?${Buffer.from(partOf(`${text} `, random)).toString('base64')}?=\r\n${type}Content-Transfer-Encoding: ${encoding}\r\n\r\n${body}`,
    'latin1',
  )
}

function corpusOf(seed: number): readonly Buffer[] {
  const random = new Random(seed)
  return [
    ...realisticCorpus(seed, 15),
    ...Array.from({ length: 60 }, () => nastyMessage(random)),
    ...Array.from({ length: 40 }, () => worldlyMessage(random)),
    ...Array.from({ length: 60 }, () => mislabelledMessage(random)),
  ]
}

describe('the texts of a message', () => {
  it('are the same read at once and streamed in any chunks', async () => {
    const random = new Random(21)
    for (const octets of corpusOf(22)) {
      const texts = await textsOf(bufferContent(octets))
      expect(JSON.stringify(await textsOf(streamed(octets, random))) === JSON.stringify(texts)).toBe(true)
    }
  })
})

describe('a search', () => {
  const random = new Random(23)
  const corpus = corpusOf(24)
  const entries = corpus.map((octets, index): MessageEntry => {
    const date = new Date(0)
    return {
      uid: index + 1,
      id: `m${index}`,
      size: octets.length,
      flags: [],
      internalDate: date,
      savedDate: date,
      modSequence: 1,
    }
  })
  const source: SearchSource = {
    entries,
    async *summaries(uids) {
      for (const uid of uids) {
        const summary = decodeSummary(
          uid,
          encodeSummary(await summarise(uid, bufferContent(corpus[uid - 1] ?? Buffer.alloc(0)))),
        )
        if (summary !== undefined) yield summary
      }
    },
    content: async (uid) => {
      const octets = corpus[uid - 1] ?? Buffer.alloc(0)
      return random.chance(0.5) ? bufferContent(octets) : streamed(octets, random)
    },
  }

  it('finds what its texts hold and nothing else, with signatures and without', async () => {
    const texts = await Promise.all(corpus.map((octets) => textsOf(bufferContent(octets))))
    const signatures = await Promise.all(corpus.map((octets) => signText(bufferContent(octets))))
    const signed: SearchSource = {
      ...source,
      textCandidates: async (uids, folded) => {
        const needle = foldedNeedle(folded)
        return uids.filter((uid) => mayContain(signatures[uid - 1] ?? Buffer.alloc(0), needle))
      },
    }
    for (let round = 0; round < 15; round += 1) {
      const some = texts[random.below(texts.length)] ?? []
      const text = partOf(some[random.below(some.length)]?.text ?? 'x', random)
      const kind = random.pick<'text' | 'body'>(['text', 'body'])
      const isThere = ({ place, text: within }: Text) =>
        within.includes(foldText(text)) &&
        (kind === 'text' || place === 'body' || place === 'attached-header')
      const expected = entries.map(({ uid }) => uid).filter((uid) => texts[uid - 1]?.some(isThere))
      expect(await searchEntries(source, { kind, text }, 0)).toEqual(expected)
      expect(await searchEntries(signed, { kind, text }, 0)).toEqual(expected)
    }
  })

  it('finds a field in a summary where it is in the message', async () => {
    const fields = ['subject', 'from', 'content-type', 'received', 'x-long', '__proto__', 'x-eight'] as const
    for (const field of fields) {
      const found = await searchEntries(source, { kind: 'header', field, text: '' }, 0)
      const pattern = new RegExp(`^${field}:`, 'im')
      const expected = entries
        .map(({ uid }) => uid)
        .filter((uid) => pattern.test(corpus[uid - 1]?.toString('latin1').split(/\r?\n\r?\n/)[0] ?? ''))
      expect(found).toEqual(expected)
    }
  })
})

describe('hostile texts', () => {
  it.each([
    ['a text of one letter', 'a', `b${'a'.repeat(9_000)}`],
    ['nearly the needle, again and again', `${'a'.repeat(500)}c`, `${'a'.repeat(500)}b`],
    ['marks without end', '\u0301\u0323', `c${'\u0323'.repeat(100)}`],
    ['padding without end', 'A=', 'x'.repeat(100)],
    ['a word of two letters', 'ab', `${'ab'.repeat(4_000)}c`],
  ])('are searched to their end: %s', async (_, piece, needle) => {
    const body = Buffer.from(piece.repeat(Math.ceil(1_500_000 / piece.length)))
    for (const encoding of ['8bit', 'base64', 'quoted-printable']) {
      const head = Buffer.from(
        `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`,
      )
      const content = bufferContent(Buffer.concat([head, body]))
      const date = new Date(0)
      const entry = {
        uid: 1,
        id: 'm',
        size: content.size,
        flags: [],
        internalDate: date,
        savedDate: date,
        modSequence: 1,
      }
      const source: SearchSource = {
        entries: [entry],
        content: async () => content,
        async *summaries() {
          yield* []
        },
      }
      expect(await searchEntries(source, { kind: 'text', text: needle }, 0)).toEqual([])
      expect((await signText(content)).length).toBeLessThan(66_000)
    }
  })
})
