import { parseAddressList, parseHeader } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { asciiHeader, withAsciiHeader } from './ascii-header.ts'

const converted = (text: string) => asciiHeader(Buffer.from(text)).toString('latin1')

describe('a surrogate header', () => {
  test.each([
    ['Subject: Grüße', 'Subject: =?utf-8?B?R3LDvMOfZQ==?='],
    ['Subject: =?utf-8?Q?x?= ü', 'Subject: =?utf-8?B?eCDDvA==?='],
    ['Subject: [Müller] =?utf-8?q?J=C3=B6rg?=', 'Subject: =?utf-8?B?W03DvGxsZXJdIErDtnJn?='],
    ['From: =?utf-8?q?J=C3=B6?= ü <j@a.example>', 'From: =?utf-8?B?SsO2IMO8?=\r\n <j@a.example>'],
    ['From: =?utf-8?b?PHhAeS56Piw=ü?= <j@a.example>', 'From: =?utf-8?B?PHhAeS56Piw=?=\r\n <j@a.example>'],
    ['From: =?utf-8?b?ü?= <j@a.example>', 'From: ""\r\n <j@a.example>'],
    [
      'From: =?utf-8?q?J=C3=B6?= <j@a.example>, "ü" <u@a.example>',
      'From: =?utf-8?q?J=C3=B6?=\r\n <j@a.example>,\r\n =?utf-8?B?w7w=?=\r\n <u@a.example>',
    ],
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
    ['Content-Type: text/plain (für); x=y', 'Content-Type: text/plain ; x=y'],
    ['Content-Type: text/ü; x=y', undefined],
    [
      'To: nobody, ü@a.example',
      'To: nobody\r\n <invalid@internationalized-address.invalid>,\r\n =?utf-8?B?w7xAYS5leGFtcGxl?=\r\n <invalid@internationalized-address.invalid>',
    ],
    ['Date: Mon, 1 Jan 2024 00:00:00 +0000 (MÄZ)', 'Date: Mon, 1 Jan 2024 00:00:00 +0000'],
    ['Date: (Ü)', undefined],
    ['Received: from a (ü)\r\n (b [192.0.2.1]) by c', 'Received: from a\r\n (b [192.0.2.1]) by c'],
    ['Message-ID: <a@example.org> (ü)', 'Message-ID: <a@example.org>'],
    ['In-Reply-To: <a@example.org> <ü@example.org>', undefined],
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

  const joergs = (count: number) =>
    Array.from({ length: count }, (_, at) => `"Jörg" <u${at}@example.org>`).join(',\r\n ')

  test('holds as many addresses as fit into it', () => {
    const header = parseHeader(asciiHeader(Buffer.from(`To: ${joergs(8000)}\r\n`)))
    const { mailboxes } = parseAddressList(header.first('To')?.body ?? '', { limit: 10_000 })
    expect(mailboxes).toHaveLength(8000)
    expect(mailboxes[7999]).toMatchObject({ name: 'Jörg', localPart: 'u7999', domain: 'example.org' })
  })

  test('lacks a field of more addresses than are read, whole', () => {
    expect(converted(`A: b\r\nTo: ${'ü,'.repeat(16_385)}\r\nC: d\r\n`)).toBe('A: b\r\nC: d\r\n')
  })

  test('has all fields', () => {
    const others = 'A: b\r\n'.repeat(10_000)
    expect(converted(`${others}Subject: ü\r\n`)).toBe(`${others}Subject: =?utf-8?B?w7w=?=\r\n`)
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
      '(ü)'.repeat(50_000),
      '(ü) \r\n'.repeat(30_000),
      'ü,'.repeat(16_000),
      'ü,'.repeat(80_000),
      '=?utf-8?q?ü?='.repeat(10_000),
    ]) {
      const field = (name: string) => Buffer.from(`${name}: ü${body}\r\n`)
      for (const name of ['Content-Type', 'To', 'Subject', 'Date'])
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

  const longField = `To: ${'"Jörg" <u@example.org>,\r\n '.repeat(12_000)}v@example.org\r\n`

  test.each([
    ['in the middle of a field', `Subject: ü\r\n${longField}Comments: ü\r\n\r\nü\r\n`],
    ['between fields', `Subject: ü\r\n${longField}`],
  ])('whose header is too long is cut at the last whole field: %s', async (_, message) => {
    const expected = message.replace('ü', '=?utf-8?B?w7w=?=')
    const cuts = message.match(/.{1,60000}/gs) ?? []
    expect((await through(message)) === expected).toBe(true)
    expect((await through(...cuts)) === expected).toBe(true)
  })

  test('whose longest header ends in a field has all of it before', async () => {
    const fields = 'Comments: ü\r\n'.repeat(30_000)
    const [surrogates = '', rest = ''] = (await through(fields)).split(/(?=Comments: ü)(.*)/s)
    expect(surrogates.length / 'Comments: =?utf-8?B?w7w=?=\r\n'.length).toBe(Math.floor(262_144 / 14))
    expect(rest.length / 'Comments: ü\r\n'.length).toBe(30_000 - Math.floor(262_144 / 14))
  })

  test('that is all header has a surrogate, too', async () => {
    expect(await through('Comments: é\r\n')).toBe('Comments: =?utf-8?B?w6k=?=\r\n')
  })
})
