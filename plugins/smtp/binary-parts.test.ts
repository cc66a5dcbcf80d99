import { bufferContent, scanMessage } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { SessionDouble } from '../../test/support/smtp/smtp-session.ts'
import { signedBinary, withoutBinaryParts } from './binary-parts.ts'

const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1')

async function converted(text: string): Promise<string> {
  const chunks = await withoutBinaryParts(bufferContent(Buffer.from(text, 'latin1')))
  if (chunks === signedBinary) return chunks
  const octets: Buffer[] = []
  for await (const chunk of chunks) octets.push(chunk)
  return Buffer.concat(octets).toString('latin1')
}

function leaf(body: string, encoding = 'binary'): string {
  return `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`
}

function multipart(subtype: string, parts: readonly string[], encoding = 'binary', boundary = 'b'): string {
  const head = `Content-Type: multipart/${subtype}; boundary=${boundary}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`
  return `${head}preamble\r\n--${boundary}\r\n${parts.join(`\r\n--${boundary}\r\n`)}\r\n--${boundary}--\r\n`
}

/** The bodies of the leaves of a message that is base64 where it says so. */
function bodies(message: string): readonly string[] {
  const octets = Buffer.from(message, 'latin1')
  const found: string[] = []
  const waiting = [scanMessage(octets).root]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const inner = part.message === undefined ? part.children : [part.message]
    waiting.push(...inner.toReversed())
    const body = octets.toString('latin1', part.bodyStart, part.bodyEnd)
    if (inner.length === 0)
      found.push(part.encoding === 'base64' ? Buffer.from(body, 'base64').toString('latin1') : body)
  }
  return found
}

describe('withoutBinaryParts', () => {
  test('one part, and nothing else of it changes', async () => {
    const text = await converted(`Subject: x\r\n${leaf('\0\r\n.\r\nx')}`)
    expect(text).toBe(
      `Subject: x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from('\0\r\n.\r\nx').toString('base64')}\r\n`,
    )
  })

  test('parts in parts, and in messages; labels of what holds parts say 8bit', async () => {
    const inner = `Subject: inner\r\n${multipart('mixed', [leaf('\r\n.\r\n'), leaf('caf\xe9', '8bit')], 'binary', 'inner')}`
    const message = `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\n${inner}`
    const whole = multipart('mixed', [leaf(everyOctet), message, leaf('')])
    const text = await converted(whole)
    expect(bodies(text)).toEqual([everyOctet, '\r\n.\r\n', 'caf\xe9', ''])
    expect(text.match(/8bit/g)).toHaveLength(4)
    expect(text).not.toContain('binary')
    expect(text).toMatch(/^(?:[^\r\n\0]{0,998}\r\n)*$/)
  })

  test.each([0, 1, 56, 57, 58, 114, 58_367, 58_368, 58_369, 200_000])('%i octets', async (size) => {
    const body = everyOctet.repeat(Math.ceil(size / 256)).slice(0, size)
    const text = await converted(leaf(body))
    expect(bodies(text)).toEqual([body])
    expect(text).toMatch(/^(?:.{0,76}\r\n)*$/)
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toMatch(
      /^(?:[A-Za-z0-9+/=]{76}\r\n)*(?:[A-Za-z0-9+/=]{1,76}\r\n)?$/,
    )
  })

  test('what is not binary is left alone, whatever is in it', async () => {
    for (const text of [leaf('a\nb\0', '8bit'), `Subject: x\r\n\r\n${everyOctet}`, 'no header', ''])
      expect(await converted(text)).toBe(text)
  })

  test('a field that stands there twice is there once afterwards', async () => {
    const text = await converted(
      `Content-Transfer-Encoding: binary\r\nContent-transfer-encoding: 7bit\r\n\r\n\0`,
    )
    expect(text).toBe('Content-Transfer-Encoding: base64\r\n\r\nAA==\r\n')
  })

  test('a signature is not broken', async () => {
    const signature = leaf('signature', '7bit')
    const deep = multipart('mixed', [leaf('\0')], '7bit', 'inner')
    expect(await converted(multipart('signed', [leaf('\0'), signature], '7bit'))).toBe(signedBinary)
    expect(await converted(multipart('signed', [deep, signature], '7bit'))).toBe(signedBinary)
    const beside = multipart('mixed', [
      multipart('signed', [signature, signature], '7bit', 'inner'),
      leaf('\0'),
    ])
    expect(bodies(await converted(beside))).toEqual(['signature', 'signature', '\0'])
  })
})

describe('BODY=BINARYMIME (RFC 3030 §3)', () => {
  async function sent(
    text: string,
    options: Record<string, unknown> = {},
  ): Promise<SessionDouble & { reply: string }> {
    const double = new SessionDouble({ binaryMime: true, ...options })
    await double.say('EHLO a', 'MAIL FROM:<> BODY=BINARYMIME', 'RCPT TO:<jo@b.example>')
    const octets = Buffer.from(text, 'latin1')
    await double.answer(`BDAT ${octets.length} LAST`)
    const [reply = ''] = await double.sayOctets(octets)
    return Object.assign(double, { reply })
  }

  test('is offered where an option says so, behind CHUNKING', async () => {
    const lines = async (options: Record<string, unknown>) =>
      (await new SessionDouble(options).answer('EHLO a')).reply.lines
    expect(await lines({})).not.toContain('BINARYMIME')
    expect(await lines({ binaryMime: true })).toContain('BINARYMIME')
  })

  test('is taken by BDAT alone, and is for one message', async () => {
    const double = new SessionDouble({ binaryMime: true })
    await double.say('EHLO a', 'MAIL FROM:<> BODY=BINARYMIME', 'RCPT TO:<jo@b.example>')
    expect(await double.say('DATA')).toEqual(['503 5.5.1'])
    await double.say('RSET', 'MAIL FROM:<>', 'RCPT TO:<jo@b.example>')
    expect(await double.say('BDAT 3 LAST', 'a\0b')).toEqual(['554 5.6.0'])
  })

  test('nobody behind the listener sees anything but lines', async () => {
    const double = await sent(`Subject: x\r\n${leaf(everyOctet)}`)
    expect(double.reply).toBe('250 2.0.0')
    const [{ message = '' } = {}] = double.transactions
    expect(message).toMatch(/^(?:[^\r\n\0]{0,998}\r\n)*$/)
    expect(bodies(message)).toEqual([everyOctet])
    expect(double.records).toEqual(['edited: binary parts were made base64'])
    expect(double.spooled).toBe(0)
  })

  test('what stands behind a line that is no field is text, and says nothing of parts', async () => {
    const double = await sent(`Subject: x\r\nhello\r\n${leaf('a.\r\n')}`)
    expect(double.reply).toBe('250 2.0.0')
    expect(double.transactions[0]?.message).toMatch(/\r\nSubject: x\r\n\r\nhello\r\n/)
    expect(double.transactions[0]?.message.endsWith(`\r\nhello\r\n${leaf('a.\r\n')}`)).toBe(true)
  })

  test.each([
    ['a bare LF in a header', `Subject: x\nX: y\r\n${leaf('')}`, 'bare-lf'],
    ['a NUL where nothing is binary', leaf('\0', '8bit'), 'nul'],
    ['a NUL where the text says it is binary', `hello\r\n${leaf('\0')}`, 'nul'],
    ['a bare CR in a preamble', multipart('mixed', [leaf('x')]).replace('preamble', 'a\rb'), 'bare-cr'],
    [
      'a bare LF before what looks like a delimiter',
      multipart('mixed', [leaf('x\n--b\r\n\r\ny')]),
      'bare-lf',
    ],
    [
      'a multipart without a boundary',
      `Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: binary\r\n\r\n\0`,
      'nul',
    ],
    [
      'a signed binary part',
      multipart('signed', [leaf('\0'), leaf('', '7bit')], '7bit'),
      'signed binary part',
    ],
  ])('refuses %s', async (_, text, reason) => {
    const double = await sent(text)
    expect(double.reply).toBe(reason === signedBinary ? '554 5.6.2' : '554 5.6.0')
    expect(double.records).toEqual([expect.stringMatching(new RegExp(`^refused: 554 .* \\(${reason}\\)$`))])
    expect(double.transactions[0]?.message).toBe('')
    expect(double.spooled).toBe(0)
  })

  test('the limit is for what was sent', async () => {
    const body = everyOctet.repeat(255)
    expect((await sent(leaf(body), { maxSize: 65_536 })).reply).toBe('250 2.0.0')
    expect((await sent(leaf(body + everyOctet), { maxSize: 65_536 })).reply).toBe('552 5.3.4')
  })

  test('a full disk is ours', async () => {
    const double = new SessionDouble({ binaryMime: true })
    await double.say('EHLO a', 'MAIL FROM:<> BODY=BINARYMIME', 'RCPT TO:<jo@b.example>', 'BDAT 3', 'a\r\n')
    double.spoolFault = 'finish'
    expect(await double.say('BDAT 0 LAST', '')).toEqual(['451 4.3.0'])
    expect(double.spooled).toBe(0)
  })
})
