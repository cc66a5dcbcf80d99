import { describe, expect, it } from 'vitest'
import { bufferContent, type Content } from '../model/content.ts'
import { Pacer } from '../summary/pacer.ts'
import { readTexts, type TextPlace, type TextReader } from './message-texts.ts'

interface Text {
  readonly place: TextPlace
  text: string
}

/** All texts of a message, with the pieces of each joined. */
async function textsOf(content: Content, most = Number.POSITIVE_INFINITY): Promise<readonly Text[]> {
  const texts: Text[] = []
  const reader: TextReader = {
    get isDone() {
      return texts.length >= most
    },
    take(folded, place, continues) {
      const last = texts.at(-1)
      if (continues && last !== undefined) last.text += folded
      else texts.push({ place, text: folded })
    },
  }
  await readTexts(content, reader, new Pacer())
  return texts
}

function message(...lines: readonly string[]): Content {
  return bufferContent(Buffer.from(lines.join('\r\n'), 'latin1'))
}

/** The same octets as a content that is too large to be read at once. */
function asLarge(content: Content): Content {
  return { ...content, size: 10_000_000 }
}

const attached = message(
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  'Content-Type: text/html; name=page.html',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>gr=FC=',
  'n</p>',
  '--b',
  'Content-Type: application/pdf',
  '',
  'not text',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  '',
  'inner text',
  '--b',
  'Content-Type: message/delivery-status',
  '',
  'Status: 5.1.1',
  '--b--',
  'epilogue',
)

describe('readTexts', () => {
  it('gives headers and decoded bodies in order, each with its place', async () => {
    const expected = [
      { place: 'header', text: 'SUBJECT: OUTER\r\nCONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=B\r\n\r\n' },
      {
        place: 'part-header',
        text: 'CONTENT-TYPE: TEXT/HTML; NAME=PAGE.HTML\r\nCONTENT-TRANSFER-ENCODING: QUOTED-PRINTABLE\r\n\r\n',
      },
      { place: 'body', text: '<P>GRU\u0308N</P>' },
      { place: 'part-header', text: 'CONTENT-TYPE: APPLICATION/PDF\r\n\r\n' },
      { place: 'part-header', text: 'CONTENT-TYPE: MESSAGE/RFC822\r\n\r\n' },
      { place: 'attached-header', text: 'SUBJECT: INNER\r\n\r\n' },
      { place: 'body', text: 'INNER TEXT' },
      { place: 'part-header', text: 'CONTENT-TYPE: MESSAGE/DELIVERY-STATUS\r\n\r\n' },
      { place: 'body', text: 'STATUS: 5.1.1' },
    ]
    expect(await textsOf(attached)).toEqual(expected)
    expect(await textsOf(asLarge(attached))).toEqual(expected)
  })

  it('gives fields as they are written, unfolded, and decoded', async () => {
    const [header] = await textsOf(
      message(
        'From: =?utf-8?q?B=C3=BCro?=\r\n <a@example.org>',
        'Subject: Gr\xc3\xbcn\r\n\tund blau',
        'X-Plain:  y',
        '',
        '',
      ),
    )
    expect(header?.text.split('\r\n')).toEqual([
      'FROM: =?UTF-8?Q?B=C3=BCRO?= <A@EXAMPLE.ORG>',
      'SUBJECT: GRU\u0308N UND BLAU',
      'X-PLAIN:  Y',
      '',
      'FROM: BU\u0308RO <A@EXAMPLE.ORG>',
      'SUBJECT: GRU\u0308N UND BLAU',
      '',
    ])
  })

  it('reads fields of several charsets each by itself', async () => {
    const [header] = await textsOf(message('X-One: gr\xfcn', 'X-Two: gr\xc3\xbcn', '', ''))
    expect(header?.text).toContain('X-ONE: GRU\u0308N')
    expect(header?.text).toContain('X-TWO: GRU\u0308N')
  })

  it('gives others their turn between fields', async () => {
    class BusyPacer extends Pacer {
      rests = 0
      override get isDue(): boolean {
        return true
      }
      override async rest(): Promise<void> {
        this.rests += 1
      }
    }
    const pacer = new BusyPacer()
    const fields = Array.from({ length: 500 }, (_, index) => `X-${index}: =?utf-8?q?a?=`)
    const reader: TextReader = { isDone: false, take: () => {} }
    await readTexts(message(...fields, '', ''), reader, pacer)
    expect(pacer.rests).toBeGreaterThan(500)
  })

  it('stops as soon as the reader has enough', async () => {
    expect(await textsOf(attached, 3)).toHaveLength(3)
    expect(await textsOf(asLarge(attached), 3)).toHaveLength(3)
  })

  it('gives nothing of no octets, and a body without a header', async () => {
    expect(await textsOf(message(''))).toEqual([])
    expect(await textsOf(message('', 'body'))).toEqual([{ place: 'body', text: 'BODY' }])
  })

  it('joins what marks belong to, across pieces', async () => {
    const text = `${'x'.repeat(65_535)}e\u0323\u0301`
    for (const content of [
      bufferContent(Buffer.from(`\r\n${text}`)),
      asLarge(bufferContent(Buffer.from(`\r\n${text}`))),
    ]) {
      expect((await textsOf(content))[0]?.text.slice(-4)).toBe('XE\u0323\u0301')
    }
  })

  it('reads 30 MB in pieces, in turn with others', async () => {
    const line = Buffer.from(`${'lorem ipsum '.repeat(6)}\r\n`)
    const block = Buffer.concat(Array.from({ length: 800 }, () => line))
    const header = Buffer.from('Content-Type: text/plain\r\n\r\n')
    const count = Math.ceil(30_000_000 / block.length)
    async function* octets(start: number, end: number): AsyncGenerator<Buffer> {
      for (let at = 0; at < header.length + count * block.length; ) {
        const chunk = at === 0 ? header : block
        yield chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
        at += chunk.length
      }
    }
    const content = {
      size: header.length + count * block.length,
      read: async () => Promise.reject(new Error('too large')),
      stream: (start = 0, end = Number.POSITIVE_INFINITY) => octets(start, end),
    } as unknown as Content
    let turns = 0
    const turn = setInterval(() => {
      turns += 1
    }, 0)
    let longest = 0
    let length = 0
    await readTexts(
      content,
      {
        isDone: false,
        take(folded) {
          longest = Math.max(longest, folded.length)
          length += folded.length
        },
      },
      new Pacer(),
    )
    clearInterval(turn)
    expect([length - header.length, longest < 70_000, turns > 0]).toEqual([count * block.length, true, true])
  })
})
