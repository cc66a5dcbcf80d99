import { describe, expect, it } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { emptyEnvelope, envelopeText } from './envelope-text.ts'
import type { ImapForm } from './imap-string.ts'

function envelope(lines: readonly string[], form: ImapForm = 'ascii'): string {
  return envelopeText(parseHeader(Buffer.from(lines.join('\r\n'), 'latin1')), form)
}

/** The envelope of a message with one field but From. */
function people(field: string, form?: ImapForm): string {
  return envelope([field], form)
}

const nobody = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'

describe('envelopeText', () => {
  // RFC 9051 §7.5.2: the order of the fields.
  it('has all fields in their order', () => {
    expect(
      envelope([
        'Message-ID: <1@example.org>',
        'In-Reply-To: <0@example.org>',
        'Bcc: bcc@example.org',
        'Cc: cc@example.org',
        'To: One <to@example.org>, two@example.net',
        'Reply-To: reply@example.org',
        'Sender: sender@example.org',
        'From: "From, The" <from@example.org>',
        'Subject: =?utf-8?q?=C3=BC?= "x"',
        'Date: Mon, 23 Nov 2026 10:00:00 +0000 (UTC)',
      ]),
    ).toBe(
      '("Mon, 23 Nov 2026 10:00:00 +0000 (UTC)" "=?utf-8?q?=C3=BC?= \\"x\\"" (("From, The" NIL "from" "example.org"))' +
        ' ((NIL NIL "sender" "example.org")) ((NIL NIL "reply" "example.org"))' +
        ' (("One" NIL "to" "example.org")(NIL NIL "two" "example.net")) ((NIL NIL "cc" "example.org"))' +
        ' ((NIL NIL "bcc" "example.org")) "<0@example.org>" "<1@example.org>")',
    )
  })

  // RFC 9051 §7.5.2: Sender and Reply-To that are absent or empty are as From; others are NIL.
  it('sets Sender and Reply-To to From where they name nobody', () => {
    const from = '((NIL NIL "a" "example.org"))'
    const expected = `(NIL NIL ${from} ${from} ${from} NIL NIL NIL NIL NIL)`
    expect(envelope(['From: a@example.org'])).toBe(expected)
    expect(envelope(['From: a@example.org', 'Sender:', 'Reply-To: (nobody)', 'To: ,', 'Cc:', 'Bcc: '])).toBe(
      expected,
    )
    expect(envelope(['Sender: a@example.org'])).toBe(`(NIL NIL NIL ${from} NIL NIL NIL NIL NIL NIL)`)
  })

  // RFC 9051 §7.5.2: absent fields are NIL, empty ones the empty string.
  it('tells absent from empty texts', () => {
    expect(envelope([])).toBe(nobody)
    expect(emptyEnvelope).toBe(nobody)
    expect(envelope(['Date:', 'Subject: ', 'In-Reply-To:', 'Message-ID:\r\n '])).toBe(
      '("" "" NIL NIL NIL NIL NIL NIL "" "")',
    )
  })

  it.each([
    [
      'To: Group: a@b, "C D" <c@d>;, e@f',
      '((NIL NIL "Group" NIL)(NIL NIL "a" "b")("C D" NIL "c" "d")(NIL NIL NIL NIL)(NIL NIL "e" "f"))',
    ],
    ['To: undisclosed-recipients:;', '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'],
    ['To: :;', '((NIL NIL "" NIL)(NIL NIL NIL NIL))'],
    ['To: <@one,@two:a@b>', '((NIL "@one,@two" "a" "b"))'],
    ['To: a@b (The "Name")', '(("The \\"Name\\"" NIL "a" "b"))'],
    ['To: "joe \\"x\\" blow"@b', '((NIL NIL "joe \\"x\\" blow" "b"))'],
    ['To: a@[192.0.2.1]', '((NIL NIL "a" "[192.0.2.1]"))'],
    ['To: J\xc3\xbcrgen <a@b>', '(({7}\r\nJ\xc3\xbcrgen NIL "a" "b"))'],
    ['To: J\xfcrgen <a@b>', '(({6}\r\nJ\xfcrgen NIL "a" "b"))'],
    // A host that is NIL would begin or end a group.
    ['To: nobody', '((NIL NIL "nobody" ""))'],
    ['To: Name <>', '(("Name" NIL "" ""))'],
    ['To: <@b>', '((NIL NIL "" "b"))'],
  ])('writes %j', (field, expected) => {
    expect(people(field)).toBe(`(NIL NIL NIL NIL NIL ${expected} NIL NIL NIL NIL)`)
  })

  it('writes UTF-8 where the client takes it', () => {
    const fields = ['Subject: \xfc', 'To: J\xc3\xbcrgen <j\xc3\xbc@b\xc3\xbc>']
    for (const form of ['utf8', 'rev2'] as const)
      expect(envelope(fields, form)).toBe(
        '(NIL "\xc3\xbc" NIL NIL NIL (("J\xc3\xbcrgen" NIL "j\xc3\xbc" "b\xc3\xbc")) NIL NIL NIL NIL)',
      )
  })

  it('takes the first of texts, and the addresses of all fields of a name', () => {
    expect(
      envelope(['Subject: one', 'Subject: two', 'To: a@b', 'To: c@d', 'Message-ID: <1>', 'Message-ID: <2>']),
    ).toBe('(NIL "one" NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL "<1>")')
  })

  it('unfolds', () => {
    expect(envelope(['Subject: one', '\ttwo', ' three'])).toBe(
      '(NIL "one\ttwo three" NIL NIL NIL NIL NIL NIL NIL NIL)',
    )
  })

  it('reads 10,000 addresses of a list, and 1,000 of what is unusual', () => {
    const count = (list: string) => people(`To: ${list}`).split('NIL "a" "b")').length - 1
    expect(count('a@b,'.repeat(10_000))).toBe(10_000)
    expect(count('a@b (c),'.repeat(5_000))).toBe(1_000)
    expect(count(`${'a@b,'.repeat(5_000)}x@y (c),${'a@b,'.repeat(5_000)}`)).toBe(5_999)
  })
})
