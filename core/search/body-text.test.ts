import { describe, expect, it } from 'vitest'
import { decodeText } from '../model/mime/charset.ts'
import { decodeBody } from '../model/mime/mime-body.ts'
import { BodyText, bodyText } from './body-text.ts'
import { BLOCK, cutQuotedPrintable, cutText } from './octet-blocks.ts'

function textOf(body: Buffer, encoding: string, charset: string | undefined): string {
  return [...bodyText(body, encoding, charset)].join('')
}

function inChunks(body: Buffer, encoding: string, charset: string | undefined, size: number): string {
  const text = new BodyText(encoding, charset)
  const pieces: string[] = []
  for (let at = 0; at < body.length; at += size) pieces.push(...text.add(body.subarray(at, at + size)))
  pieces.push(...text.end())
  return pieces.join('')
}

/** Without showing the texts, which are long. */
function expectSame(one: string, other: string): void {
  let at = 0
  if (one !== other) while (one[at] === other[at]) at += 1
  expect({ same: one === other, length: one.length, at }).toEqual({ same: true, length: other.length, at: 0 })
}

const sizes = [1_000, 65_535, 65_536, 65_537, 100_000]

/** Text of many blocks, in lines of many lengths. */
function lines(word: string): string {
  return Array.from({ length: 600 }, (_, index) => word.repeat(1 + (index % 90))).join('\r\n')
}

const encoded: Record<string, (octets: Buffer) => Buffer> = {
  '8bit': (octets) => octets,
  base64: (octets) => Buffer.from(octets.toString('base64').replace(/.{76}/g, '$&\r\n')),
  'quoted-printable': (octets) =>
    Buffer.from(
      octets
        .toString('latin1')
        .replace(/[=\x80-\xff]/g, (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/(?:=..|[^=]){20,24}/gs, '$&=\r\n'),
      'latin1',
    ),
}

describe('bodyText', () => {
  it.each(Object.entries(encoded))('is the whole body decoded, of %s in any chunks', (encoding, encode) => {
    const text = lines('Größe € \u{1f600}')
    const body = encode(Buffer.from(text))
    for (const charset of ['utf-8', undefined, 'us-ascii', 'x-unknown']) {
      expectSame(textOf(body, encoding, charset), text)
      for (const size of sizes) expectSame(inChunks(body, encoding, charset, size), text)
    }
  })

  it.each(['\ufeff', ''])('reads UTF-16 in the order that its first block tells: %j', (mark) => {
    const text = `${mark}Subject ${lines('\u4f60\u597d')}`
    const little = Buffer.from(text, 'utf16le')
    const big = Buffer.from(little).swap16()
    for (const octets of [little, big]) expectSame(textOf(octets, '8bit', 'utf-16'), text.slice(mark.length))
  })

  it.each([
    ['utf-16le', 'Über die Straße \u0a41'],
    ['gb18030', '\u4e2d\u6587\u3002'],
    ['iso-8859-15', 'Größe € '],
  ])('decodes %s across blocks', (charset, word) => {
    const text = lines(word)
    const octets =
      charset === 'utf-16le'
        ? Buffer.from(text, 'utf16le')
        : Buffer.from(
            text.replace(/[^\x00-\x7f]/g, (character) => encodeOne(character, charset)),
            'latin1',
          )
    const whole = decodeText(octets, charset)
    expectSame(whole, text)
    for (const size of sizes) expectSame(inChunks(octets, '8bit', charset, size), whole)
  })

  it('decodes what has no line end for 64 KiB', () => {
    for (const word of ['\u4e2d\u6587', 'wörd \u{1f600}', 'ü']) {
      const text = word.repeat(60_000)
      expectSame(textOf(Buffer.from(text), '8bit', undefined), text)
      for (const size of sizes) expectSame(inChunks(Buffer.from(text), '8bit', 'utf-8', size), text)
      const quoted = Buffer.from(
        Buffer.from(text)
          .toString('latin1')
          .replace(/[\x80-\xff]/g, (octet) => `=${octet.charCodeAt(0).toString(16)}`),
      )
      for (const size of sizes) expectSame(inChunks(quoted, 'quoted-printable', 'utf-8', size), text)
    }
  })

  it.each([
    '=',
    '=4',
    '=A',
    'QQ==',
    'QUJ',
    'A=',
    '-_',
    ' ',
    '\t',
    '\r',
    ' \r\n',
    '=\r\n',
    '= \t',
    '=3D=',
    'a =',
    '\xff',
    '\xc3',
    '\x80',
    '\xe2\x82',
    '\x1b$B',
    '\0',
  ])('answers the same in any chunks for a flood of %j', (piece) => {
    const body = Buffer.from(piece.repeat(Math.ceil(150_000 / piece.length)), 'latin1')
    for (const encoding of ['base64', 'quoted-printable', '8bit']) {
      for (const charset of ['utf-8', undefined, 'utf-16', 'gbk']) {
        const whole = textOf(body, encoding, charset)
        for (const size of [4_099, 65_541]) {
          if (inChunks(body, encoding, charset, size) !== whole)
            expect([encoding, charset, size]).toBeUndefined()
        }
      }
    }
  })

  it('is what decodeBody and decodeText say of up to 64 KiB, however mixed', () => {
    const body = Buffer.from('\xc3\xbc\r\nfine\r\n\xfc =FC\r\nQUJD=QUJ\r\n', 'latin1')
    for (const encoding of ['base64', 'quoted-printable', '7bit', 'x-unknown']) {
      const whole = decodeText(decodeBody(body, encoding), undefined)
      expectSame(textOf(body, encoding, undefined), whole)
      for (let size = 1; size < 40; size += 1) expectSame(inChunks(body, encoding, undefined, size), whole)
    }
  })

  it('decodes base64 as the whole, wherever padding stands', () => {
    const pieces = Array.from(
      { length: 9_000 },
      (_, index) => ['QUJD', 'QQ==', '\r\n', 'QUI=', '=', '-', 'Q'][(index * 31) % 7],
    )
    const body = Buffer.from(pieces.join(''))
    const whole = decodeText(decodeBody(body, 'base64'), 'utf-8')
    for (const size of [1, 3, 1_000, 5_001]) expectSame(inChunks(body, 'base64', 'utf-8', size), whole)
  })
})

describe('the cuts', () => {
  it.each([
    ['behind the last line', 'one\ntwo\nthree', 8],
    ['behind the last space', '\xc3\xbcone two', 6],
    ['before a broken character', '\xc3\xbc\xe2\x82', 2],
    ['at the end of octets that are no text', '\x80\x80\x80\x80\x80', 5],
  ])('cutText cuts %s', (_, text, at) => {
    expect(cutText(Buffer.from(text, 'latin1'))).toBe(at)
  })

  it.each([
    ['behind the last line', 'one=\ntwo', 5],
    ['behind a plain octet', 'one=3', 3],
    ['behind an encoded octet', 'one =20 \t', 7],
    ['at the end where there is none', '= \t==', 5],
  ])('cutQuotedPrintable cuts %s', (_, text, at) => {
    expect(cutQuotedPrintable(Buffer.from(text, 'latin1'))).toBe(at)
  })

  it('always cut something', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      const block = Buffer.alloc(BLOCK, octet)
      for (const cut of [cutText, cutQuotedPrintable]) {
        expect(cut(block)).toBeGreaterThan(0)
        expect(cut(block)).toBeLessThanOrEqual(BLOCK)
      }
    }
  })
})

/** The octets of a character in a charset, as Latin-1, found by trying. */
function encodeOne(character: string, charset: string): string {
  const known = encodings.get(charset + character)
  if (known !== undefined) return known
  for (let first = 0x80; first < 0x100; first += 1) {
    for (const octets of [[first], ...Array.from({ length: 0xc0 }, (_, index) => [first, 0x40 + index])]) {
      if (decodeText(Buffer.from(octets), charset) !== character) continue
      encodings.set(charset + character, String.fromCharCode(...octets))
      return String.fromCharCode(...octets)
    }
  }
  throw new Error(`${charset} has no ${character}`)
}

const encodings = new Map<string, string>()
