import { decodeBody } from 'mailwright'
import { expect, test } from 'vitest'
import { surveyOctets } from './octet-survey.ts'
import { quotedPrintable } from './quoted-printable.ts'

test.each([
  ['plain', 'plain'],
  ['a=b\r\nc \r\n\td\t', 'a=3Db\r\nc=20\r\n\td=09'],
  ['ü\r\n', '=C3=BC\r\n'],
  ['a\rb\nc\0', 'a=0Db=0Ac=00'],
  ['x'.repeat(76), 'x'.repeat(76)],
  ['x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
])('%j', (text, expected) => {
  expect(quotedPrintable(Buffer.from(text))).toBe(expected)
})

test('any octets come out again, in lines that can be sent', () => {
  let state = 7
  for (let round = 0; round < 200; round += 1) {
    const octets = Buffer.from(
      Array.from({ length: round }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31
        return [13, 10, 32, 9, 61, 46, state % 256, 65][state % 8] ?? 0
      }),
    )
    const written = Buffer.from(quotedPrintable(octets), 'latin1')
    expect(surveyOctets(written)).toBe('7bit')
    for (const line of written.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
    expect(decodeBody(written, 'quoted-printable').toString('latin1')).toBe(octets.toString('latin1'))
  }
})
