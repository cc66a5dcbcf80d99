import { describe, expect, it } from 'vitest'
import { readEnvelopeFields } from './envelope-fields.ts'
import { parseHeader } from './header.ts'

function fields(lines: readonly string[]) {
  return readEnvelopeFields(parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)))
}

describe('readEnvelopeFields', () => {
  it('gives what ENVELOPE shows, as written', () => {
    const envelope = fields([
      'Date: Mon, 23 Nov 2026 10:00:00 +0000',
      'Subject: =?utf-8?q?=C3=BC?=',
      'From: Jo <jo@example.org>',
      'To: a@example.org,',
      ' b@example.org',
      'Cc: g: c@example.org;',
      'Message-ID: <1@example.org>',
      'In-Reply-To: <0@example.org>',
    ])
    expect(envelope.date).toBe('Mon, 23 Nov 2026 10:00:00 +0000')
    expect(envelope.subject).toBe('=?utf-8?q?=C3=BC?=')
    expect(envelope.to.mailboxes.map((each) => each.localPart)).toEqual(['a', 'b'])
    expect(envelope.cc.entries.map((each) => each.kind)).toEqual(['group-start', 'mailbox', 'group-end'])
    expect([envelope.messageId, envelope.inReplyTo]).toEqual(['<1@example.org>', '<0@example.org>'])
    expect(envelope.bcc.entries).toEqual([])
  })

  it('lets From stand in for Sender and Reply-To (RFC 9051 §7.5.2)', () => {
    const envelope = fields(['From: jo@example.org', 'Reply-To: '])
    expect([envelope.sender, envelope.replyTo]).toEqual([envelope.from, envelope.from])
    expect(fields(['From: jo@example.org', 'Sender: al@example.org']).sender.mailboxes[0]?.localPart).toBe(
      'al',
    )
    expect(fields(['X: y']).from.entries).toEqual([])
  })

  it('hides no address of a field that occurs twice', () => {
    const { from } = fields(['From: a@example.org', 'From: b@example.org'])
    expect(from.mailboxes.map((each) => each.localPart)).toEqual(['a', 'b'])
  })
})
