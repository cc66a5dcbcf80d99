import { describe, expect, test } from 'vitest'
import { completedHeader, type HeaderFacts, readFields } from './local-header.ts'

const facts: HeaderFacts = {
  hostname: 'mx.example.org',
  origin: 'example.org',
  id: 'id',
  sender: { localPart: 'root', domain: 'example.org' },
  displayName: 'The Root',
  date: new Date(Date.UTC(2026, 10, 23, 10)),
}
const whole = 'From: a@b.c\nDate: x\nMessage-ID: y\n'

function completed(fields: string, more: Partial<HeaderFacts> = {}): string {
  return completedHeader(readFields(Buffer.from(fields, 'latin1')), { ...facts, ...more }).toString('latin1')
}

describe('completedHeader', () => {
  test('puts in what is missing', () => {
    expect(completed('Subject: x\n')).toBe(
      'Subject: x\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: The Root <root@example.org>\r\nMessage-ID: <id@mx.example.org>\r\n\r\n',
    )
    expect(completed('', { displayName: undefined })).toContain('\r\nFrom: <root@example.org>\r\n')
  })

  const resent =
    'Resent-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nResent-From: The Root <root@example.org>\r\nResent-Message-ID: <id@mx.example.org>\r\n'

  test.each([
    ['Resent-To: root\nFrom: y\n', `${resent}Resent-To: root@example.org\r\nFrom: y@example.org\r\n\r\n`],
    ['X: 1\nResent-To: a@b.c\n', `X: 1\r\n${resent}Resent-To: a@b.c\r\n\r\n`],
    ['X: 1\nResent-Bcc: a@b.c\n', `${resent}X: 1\r\n\r\n`],
  ])('of what is sent on %j it stands with the other Resent- fields', (fields, expected) => {
    expect(completed(fields)).toBe(expected)
  })

  test('takes out what nobody else shall see', () => {
    const fields =
      'Bcc: a@b.c,\n d@e.f\nbcc : g@h.i\nReturn-Path: <x>\nContent-Length: 3\nResent-Bcc: z@z.z\nX: 1\n'
    const header = completed(fields)
    expect(header).toMatch(/\r\nX: 1\r\n/)
    expect(header).not.toMatch(/a@b|d@e|g@h|z@z|Return-Path|Content-Length/)
  })

  test.each([
    ['To: root', 'To: root@example.org'],
    [
      'To: a@b.c, root, Jo <jo>, grp: x@y.z, u;, "q u" (c)',
      'To: a@b.c, root@example.org, Jo <jo@example.org>, grp: x@y.z, u@example.org;, "q u"@example.org (c)',
    ],
    ['From: root (Cron Daemon)', 'From: root@example.org (Cron Daemon)'],
    ['Cc: a@b.c,\n\troot', 'Cc: a@b.c,\r\n\troot@example.org'],
    ['To: undisclosed-recipients:;', 'To: undisclosed-recipients:;'],
    ['To: J\xf6 <jo>', 'To: J\xf6 <jo@example.org>'],
    ['To:', 'To:'],
    ['Subject: root', 'Subject: root'],
    ['X-To: root', 'X-To: root'],
  ])('%j becomes %j', (field, expected) => {
    expect(completed(`${field}\n${whole}`).split('\r\nFrom: a@b.c')[0]).toBe(expected)
  })

  test('the last field may have no line end, and a CR in one is a space', () => {
    expect(completed(`${whole}X: a\rb`)).toBe('From: a@b.c\r\nDate: x\r\nMessage-ID: y\r\nX: a b\r\n\r\n')
  })

  test('many fields are read to the last', () => {
    const header = completed(`${'X: y\n'.repeat(5_000)}Bcc: hidden@example.org\n`)
    expect(header).not.toContain('hidden')
    expect(header.match(/X: y/g)).toHaveLength(5_000)
  })
})
