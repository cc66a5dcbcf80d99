import { parseHeader } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { asciiHeader, withAsciiHeader } from './ascii-header.ts'

const converted = (text: string) => asciiHeader(Buffer.from(text)).toString('latin1')

describe('a surrogate header', () => {
  test.each([
    ['Subject: Grüße', 'Subject: =?utf-8?B?R3LDvMOfZQ==?='],
    ['Subject: =?utf-8?Q?x?= ü', 'Subject: =?utf-8?B?PT91dGYtOD9RP3g/PSDDvA==?='],
    ['From: Jörg <j@example.org>', 'From: =?utf-8?B?SsO2cmc=?=\r\n <j@example.org>'],
    ['From: "a, b" <j@bücher.example>', 'From: "a, b"\r\n <j@xn--bcher-kva.example>'],
    [
      'To: a@example.org, jörg@example.org',
      'To: a@example.org,\r\n =?utf-8?B?asO2cmdAZXhhbXBsZS5vcmc=?=\r\n <invalid@internationalized-address.invalid>',
    ],
    [
      'Cc: Ü: a@example.org, "b c"@example.org;',
      'Cc: =?utf-8?B?w5w=?=:\r\n a@example.org,\r\n "b c"@example.org;',
    ],
    [
      'Content-Type: text/plain; charset=utf-8; name="ü;.txt"; format=flowed',
      'Content-Type: text/plain; charset=utf-8; format=flowed',
    ],
    ['Content-Type: text/plain; x="ü', 'Content-Type: text/plain'],
    ['Message-ID: <ü@example.org>', undefined],
    ['Received: from ü', undefined],
    ['X-Ü: a', undefined],
    ['constructor: ü', undefined],
  ])('%s', (given, expected) => {
    const others = ['A:b\r\n', 'Z: =?x\r\n\tfolded\r\n'] as const
    const lines = `${others[0]}${given}\r\n${others[1]}`
    expect(converted(lines)).toBe(
      `${others[0]}${expected === undefined ? '' : `${expected}\r\n`}${others[1]}`,
    )
  })

  test('long texts are cut between characters, in lines that are not too long', () => {
    for (const character of ['ü', '漢', '🐴', 'a\u0308']) {
      const text = character.repeat(300)
      const header = asciiHeader(Buffer.from(`Subject: ${text}\r\n`))
      expect(parseHeader(header).text('Subject')).toBe(text)
      for (const line of header.toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(76)
    }
  })

  test('octets that are not UTF-8 are read as Windows-1252', () => {
    const header = asciiHeader(Buffer.from('Subject: gr\xfc\xdfe\r\n', 'latin1'))
    expect(parseHeader(header).text('Subject')).toBe('grüße')
  })

  test('takes its time also for hostile fields', () => {
    for (const body of [
      '"\\'.repeat(100_000),
      '";'.repeat(100_000),
      '<'.repeat(200_000),
      '(ü'.repeat(60_000),
    ]) {
      const field = (name: string) => Buffer.from(`${name}: ü${body}\r\n`)
      for (const name of ['Content-Type', 'To', 'Subject'])
        expect(asciiHeader(field(name)).every((octet) => octet < 128)).toBe(true)
    }
  })
})

describe('a message', () => {
  async function through(...pieces: readonly string[]): Promise<string> {
    const given = async function* () {
      for (const piece of pieces) yield Buffer.from(piece)
    }
    const chunks: Buffer[] = []
    for await (const chunk of withAsciiHeader(given())) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  test.each([
    ['A: b\r\n\r\nü\r\n'],
    ['\r\nSubject: ü\r\n\r\n'],
    ['\nSubject: ü\n'],
    ['A: b\n\nSubject: ü\r\n\r\n'],
    ['A: b'],
    [''],
  ])('%j stays as it is', async (message) => {
    expect(await through(message)).toBe(message)
    expect(await through(...message)).toBe(message)
  })

  test('is cut into header and body wherever its pieces are', async () => {
    const message = 'Subject: x\r\nComments: é\r\n\r\nbody é\r\n'
    const expected = 'Subject: x\r\nComments: =?utf-8?B?w6k=?=\r\n\r\nbody é\r\n'
    const octets = Buffer.from(message)
    for (let at = 1; at < octets.length; at++) {
      const given = async function* () {
        yield octets.subarray(0, at)
        yield octets.subarray(at)
      }
      const chunks: Buffer[] = []
      for await (const chunk of withAsciiHeader(given())) chunks.push(chunk)
      expect(Buffer.concat(chunks).toString(), String(at)).toBe(expected)
    }
  })

  test('that is all header has a surrogate, too', async () => {
    expect(await through('Comments: é\r\n')).toBe('Comments: =?utf-8?B?w6k=?=\r\n')
  })
})
