import { bufferContent, createMessage, type Message, reply, type StatusReport } from 'mailwright'
import { addressOf, fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { sampleRecipient, sampleReport } from './sample-report.ts'
import { statusPart } from './status-part.ts'

const now = fakeClock().now()
const hostname = 'mail.example.org'

const sample = () => sampleReport('failed', now)

async function withHeader(fields: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(`${fields}\r\n\r\ntext\r\n`)))
}

function linesOf(report: StatusReport): string {
  return statusPart(report, report.recipients, hostname).text.replaceAll('\r\n', '\n')
}

test('the fields of RFC 3464', async () => {
  // A host that was never reached said nothing.
  const { remotePlace: _, ...silent } = sampleRecipient(3, 'failed', reply(451, '4.4.1', 'No answer'), now)
  const { remoteHost, remotePlace, ...local } = sampleRecipient(2, 'failed', reply(554, undefined, 'No'), now)
  const report: StatusReport = {
    ...(await sample()),
    parameters: { envelopeId: 'QQ+314=', ret: 'HDRS' },
    message: await withHeader(
      'Received: from client.example (client.example [192.0.2.1])\r\n\tby mail.example.org with ESMTP\r\n\tid SAMPLE;\r\n\tThu, 1 Jan 2026 00:00:00 +0000',
    ),
    recipients: [
      {
        ...sampleRecipient(1, 'failed', reply(550, '5.1.1', ['No', 'such user']), now),
        finalRecipient: addressOf('bob@elsewhere.example'),
        parameters: { originalRecipient: 'rfc822;bob+tag@example.net' },
      },
      local,
      silent,
    ],
  }
  expect(linesOf(report)).toBe(`Reporting-MTA: dns; mail.example.org
Received-From-MTA: dns; client.example
Original-Envelope-Id: QQ+314=
X-Mailwright-Queue-Id: SAMPLE
Arrival-Date: Sat, 27 Dec 2025 00:00:00 +0000

Final-Recipient: rfc822; bob@elsewhere.example
Original-Recipient: rfc822; bob+tag@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 No such user
Last-Attempt-Date: Thu, 1 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822; recipient2@example.net
Action: failed
Status: 5.0.0
Diagnostic-Code: X-Mailwright; 554 No
Last-Attempt-Date: Thu, 1 Jan 2026 00:00:00 +0000

Final-Recipient: rfc822; recipient3@example.net
Action: failed
Status: 4.4.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: X-Mailwright; 451 4.4.1 No answer
Last-Attempt-Date: Thu, 1 Jan 2026 00:00:00 +0000
`)
})

test('without ORCPT there is no original recipient; of an alias a field of our own has the forward-path', async () => {
  const recipient = { ...sampleRecipient(1, 'failed', reply(550, '5.1.1', 'x'), now) }
  const finalRecipient = addressOf('bob@elsewhere.example')
  const text = linesOf({ ...(await sample()), recipients: [{ ...recipient, finalRecipient }] })
  expect(text).toContain(
    'Final-Recipient: rfc822; bob@elsewhere.example\nX-Mailwright-Forward-Path: rfc822; recipient1@example.net\n',
  )
  expect(text).not.toContain('Original-Recipient')
})

test.each([
  'Received: from other.example (x [192.0.2.1]) by elsewhere.example with ESMTP id SAMPLE; date',
  'Received: from other.example (x [192.0.2.1]) by mail.example.org with ESMTP id OTHER; date',
  'Received: by mail.example.org id SAMPLE; date',
  `Received: from ${'('.repeat(5_000)}`,
  'Subject: x',
])('another trace field is not taken for ours: %s', async (field) => {
  expect(linesOf({ ...(await sample()), message: await withHeader(field) })).not.toContain(
    'Received-From-MTA',
  )
})

test('what was never tried has no time of an attempt', async () => {
  const { lastAttempt: _, ...untried } = sampleRecipient(1, 'failed', reply(550, '5.0.0', 'x'), now)
  expect(linesOf({ ...(await sample()), recipients: [untried] })).not.toContain('Last-Attempt-Date')
})

test('a delay says until when it is tried', async () => {
  expect(linesOf(await sampleReport('delayed', now))).toContain(
    'Will-Retry-Until: Mon, 5 Jan 2026 00:00:00 +0000\n',
  )
})

describe('addresses beyond ASCII', () => {
  const käthe = addressOf('käthe@bücher.example')
  const report = async (parameters: StatusReport['parameters']): Promise<StatusReport> => ({
    ...(await sample()),
    parameters,
    recipients: [
      {
        ...sampleRecipient(1, 'failed', reply(550, '5.1.1', 'Nö'), now),
        recipient: käthe,
        finalRecipient: käthe,
        parameters: { originalRecipient: 'utf-8;k\\x{E4}the@b\\x{FC}cher.example' },
      },
    ],
  })

  test('make a report of RFC 6533 where the message came by SMTPUTF8', async () => {
    const of = await report({ smtpUtf8: true })
    expect(statusPart(of, of.recipients, hostname).type).toBe('message/global-delivery-status')
    expect(linesOf(of)).toContain('Final-Recipient: utf-8; käthe@bücher.example\n')
    expect(linesOf(of)).toContain('Original-Recipient: utf-8; käthe@bücher.example\n')
    expect(linesOf(of)).toContain('Diagnostic-Code: smtp; 550 5.1.1 Nö\n')
    const ascii = { ...(await sample()), parameters: { smtpUtf8: true } }
    expect(statusPart(ascii, ascii.recipients, hostname).type).toBe('message/delivery-status')
  })

  test('are written in ASCII where not', async () => {
    const of = await report({})
    expect(statusPart(of, of.recipients, hostname).type).toBe('message/delivery-status')
    expect(linesOf(of)).toContain('Final-Recipient: utf-8; k\\x{E4}the@b\\x{FC}cher.example\n')
    expect(linesOf(of)).toContain('Original-Recipient: utf-8; k\\x{E4}the@b\\x{FC}cher.example\n')
    expect(linesOf(of)).toContain('Diagnostic-Code: smtp; 550 5.1.1 N?\n')
  })
})
