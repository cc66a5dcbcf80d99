import { describe, expect, it } from 'vitest'
import { decodeBody } from './mime-body.ts'

function decode(text: string, encoding: string): string {
  return decodeBody(Buffer.from(text, 'latin1'), encoding).toString('latin1')
}

describe('decodeBody', () => {
  it.each([
    ['SGVsbG8=', 'Hello'],
    ['SGVs\r\nbG8=\r\n', 'Hello'],
    ['SGVsbG8', 'Hello'],
    ['SG*Vs bG8!', 'Hello'],
    ['SG-Vs__bG8-', 'Hello'],
    ['SGVsbG8=\r\nSGVsbG8=', 'HelloHello'],
    ['====', ''],
    ['', ''],
  ])('decodes base64 %j', (text, decoded) => {
    expect(decode(text, 'Base64')).toBe(decoded)
  })

  it.each([
    // RFC 2045 §6.7 (5)
    [
      "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
      "Now's the time for all folk to come to the aid of their country.",
    ],
    ['=4D=6d', 'Mm'],
    ['a \t\r\nb  \n', 'a\r\nb\n'],
    ['a  ', 'a'],
    ['a=20\r\n', 'a \r\n'],
    ['a= \t\r\nb', 'ab'],
    ['a=', 'a'],
    ['a=  ', 'a'],
    ['a=X1=1X=1', 'a=X1=1X=1'],
    ['\r a\0\xff', '\r a\0\xff'],
    ['a==\r\nb', 'a=b'],
  ])('decodes quoted-printable %j', (text, decoded) => {
    expect(decode(text, 'quoted-printable')).toBe(decoded)
  })

  it('leaves other octets alone', () => {
    for (const encoding of ['7bit', '8bit', 'binary', '', 'x-unknown', '__proto__'])
      expect(decode('=41\xff', encoding)).toBe('=41\xff')
  })
})
