import { bufferContent, createMessage, decodeBody, joinedContent, type Message, readAll } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { type ReturnedPart, returnedHeader, returnedMessage } from './returned-part.ts'

function messageOf(text: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(text)))
}

async function octetsOf({ slices, encoding }: ReturnedPart): Promise<string> {
  return decodeBody(await readAll(joinedContent(slices)), encoding).toString()
}

describe('a whole message', () => {
  test.each([
    ['Subject: x\r\n\r\ntext\r\n', false, 'message/rfc822', '7bit'],
    ['X-Odd:\tfield\r\n folded \r\n\r\n--\r\n.\r\nGrüße\r\n--=_x--', false, 'message/rfc822', '8bit'],
    ['Subject: Grüße\r\n\r\n', false, 'message/rfc822', '8bit'],
    ['Subject: Grüße\r\n\r\n', true, 'message/global', '8bit'],
    ['Subject: x\r\n\r\nGrüße\r\n', true, 'message/rfc822', '8bit'],
    ['', false, 'message/rfc822', '7bit'],
  ])('goes back octet for octet: %j', async (text, smtpUtf8, type, encoding) => {
    const part = await returnedMessage(await messageOf(text), smtpUtf8)
    expect(part).toMatchObject({ holds: 'message', type, encoding })
    expect(part && (await octetsOf(part))).toBe(text)
  })

  test.each([
    `Subject: x\r\n\r\n${'x'.repeat(999)}\r\n`,
    'Subject: x\r\n\r\na\0b\r\n',
    'Subject: x\r\n\r\na\nb\r\n',
    'Subject: x\n\ntext\n',
  ])('does not where it cannot be sent: %j', async (text) => {
    expect(await returnedMessage(await messageOf(text), false)).toBeUndefined()
  })
})

describe('a header', () => {
  test.each([
    ['Subject: x\r\nTo: y\r\n\r\ntext', false, 'text/rfc822-headers', '7bit', 'Subject: x\r\nTo: y\r\n'],
    ['Subject: Grüße\r\n\r\ntext', false, 'text/rfc822-headers', '8bit', 'Subject: Grüße\r\n'],
    ['Subject: Grüße\r\n\r\ntext', true, 'message/global-headers', '8bit', 'Subject: Grüße\r\n'],
    ['Subject: x', false, 'text/rfc822-headers', '7bit', 'Subject: x'],
    ['\r\ntext', false, 'text/rfc822-headers', '7bit', ''],
    ['', false, 'text/rfc822-headers', '7bit', ''],
    ['Subject: x\n\ntext', false, 'text/rfc822-headers', 'quoted-printable', 'Subject: x\n'],
    [
      `Subject: ${'x'.repeat(2_000)}\0\r\n\r\n`,
      false,
      'text/rfc822-headers',
      'quoted-printable',
      `Subject: ${'x'.repeat(2_000)}\0\r\n`,
    ],
  ])('goes back without the empty line: %j', async (text, smtpUtf8, type, encoding, expected) => {
    const part = returnedHeader(await messageOf(text), smtpUtf8, 10_000)
    expect(part).toMatchObject({ holds: 'header', type, encoding })
    expect(await octetsOf(part)).toBe(expected)
  })

  test('is cut behind a line where it is too long', async () => {
    const message = await messageOf(`${`X-Field: ${'x'.repeat(60)}\r\n`.repeat(1_000)}\r\ntext`)
    const text = await octetsOf(returnedHeader(message, false, 5_000))
    expect(text).toBe(`X-Field: ${'x'.repeat(60)}\r\n`.repeat(70))
    const oneLine = returnedHeader(await messageOf(`X: ${'x'.repeat(6_000)}\r\n\r\n`), false, 5_000)
    expect(await octetsOf(oneLine)).toBe('')
  })
})
