import { decodeBody } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { transferDecoder } from './transfer-decoder.ts'

function decode(encoding: string, octets: Buffer, size: number): Buffer {
  const decoder = transferDecoder(encoding)?.()
  if (decoder === undefined) throw new Error('no decoder')
  const pieces: Buffer[] = []
  for (let at = 0; at < octets.length; at += size)
    pieces.push(Buffer.from(decoder.push(octets.subarray(at, at + size))))
  return Buffer.concat([...pieces, decoder.end()])
}

const texts: Readonly<Record<string, readonly string[]>> = {
  base64: [
    '',
    'eA==',
    'eA=',
    'eA',
    'e',
    'eHh4',
    'eA==eHh4',
    'e\r\nH h!4',
    '====',
    '=',
    'eA=\r\n=eHh4eA==',
    'a-_b',
    'eHh4e===Hh4',
    '\0eH\xffh4',
  ],
  'quoted-printable': [
    '',
    '=',
    '=3D',
    '=3',
    '=\r\n',
    'a=\r\nb',
    'a= \t\r\nb',
    'a \t\r\n b ',
    'a  ',
    '=XY=3',
    '=\n',
    'a\r',
    '==3D',
    '=3D =20 \r\n=',
    'a\0\xff=C3=BC',
  ],
  binary: ['', 'a=3D \r\n', 'a\0'],
}

describe('transferDecoder', () => {
  it.each(Object.entries(texts))('decodes %s as decodeBody does, however it is cut', (encoding, bodies) => {
    for (const body of bodies) {
      const octets = Buffer.from(body, 'latin1')
      for (const size of [1, 2, 3, 5, 100])
        expect(decode(encoding, octets, size).toString('latin1'), JSON.stringify(body)).toBe(
          decodeBody(octets, encoding).toString('latin1'),
        )
    }
  })

  it('does so for pieces at random', () => {
    const signs = ['=', '=3D', '=\r\n', '\r\n', ' ', '\t', 'abc', 'QUJD', '-', '\r', '\n', '+/', 'x']
    let state = 3
    for (let round = 0; round < 3_000; round += 1) {
      let body = ''
      for (let count = round % 20; count >= 0; count -= 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        body += signs[(state >>> 16) % signs.length]
      }
      const octets = Buffer.from(body, 'latin1')
      for (const encoding of ['base64', 'quoted-printable']) {
        const expected = decodeBody(octets, encoding)
        const found = decode(encoding, octets, 1 + (round % 11))
        if (!found.equals(expected))
          expect(found.toString('latin1'), JSON.stringify(body)).toBe(expected.toString('latin1'))
      }
    }
  })

  it('keeps no line that is too long', () => {
    for (const piece of ['abc=3D', 'a b  ', '=3D', 'x']) {
      const octets = Buffer.from(piece.repeat(200_000 / piece.length))
      const expected = decodeBody(octets, 'quoted-printable')
      expect(decode('quoted-printable', octets, 10_007).equals(expected)).toBe(true)
    }
    const blanks = decode('quoted-printable', Buffer.alloc(1_000_000, ' '), 10_000)
    expect(blanks.length).toBeLessThanOrEqual(1_000_000)
  })

  it('knows no other encoding', () => {
    for (const encoding of ['', 'x-uuencode', 'BASE64', '__proto__'])
      expect(transferDecoder(encoding)).toBeUndefined()
  })
})
