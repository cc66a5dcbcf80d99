import { describe, expect, it } from 'vitest'
import { scanMessage } from '../model/mime/mime.ts'
import type { MimeLimits } from '../model/mime/mime-limits.ts'
import type { ImapForm } from './imap-string.ts'
import { structureText } from './structure-text.ts'

function scan(lines: readonly string[], limits?: Partial<MimeLimits>) {
  return scanMessage(Buffer.from(lines.join('\r\n'), 'latin1'), limits).root
}

function extended(lines: readonly string[], form: ImapForm = 'ascii'): string {
  return structureText(scan(lines), { form, isExtended: true })
}

function basic(lines: readonly string[], form: ImapForm = 'ascii'): string {
  return structureText(scan(lines), { form, isExtended: false })
}

const mixed = 'Content-Type: multipart/mixed; boundary=b'
const plain = '"text" "plain" ("charset" "us-ascii") NIL NIL "7bit"'

describe('structureText', () => {
  it.each([
    ['no fields', ['', 'body', ''], `(${plain} 6 1)`],
    ['nothing', [], `(${plain} 0 0)`],
    // RFC 2046 §4.1.2, and nothing of the kind for other types.
    [
      'no charset',
      ['Content-Type: text/plain; x=y', '', ''],
      '("text" "plain" ("x" "y" "charset" "us-ascii") NIL NIL "7bit" 0 0)',
    ],
    ['HTML', ['Content-Type: TEXT/Html', '', 'a', 'b'], '("text" "html" NIL NIL NIL "7bit" 4 1)'],
    ['a broken type', ['Content-Type: broken', '', ''], `(${plain} 0 0)`],
    [
      'no text',
      [
        'Content-Type: image/png; name=x.png',
        'Content-Transfer-Encoding: BASE64',
        'Content-ID: <i@x>',
        'Content-Description: a "b"',
        '',
        'eHh4',
        '',
      ],
      '("image" "png" ("name" "x.png") "<i@x>" "a \\"b\\"" "base64" 6)',
    ],
    [
      'an unknown encoding',
      ['Content-Transfer-Encoding: x-\xfc', '', ''],
      '("text" "plain" ("charset" "us-ascii") NIL NIL {4}\r\nx-\xc3\xbc 0 0)',
    ],
    [
      'parts',
      [mixed, '', '--b', '', 'one', '--b', 'Content-Type: text/html', '', '--b--'],
      `((${plain} 3 0)("text" "html" NIL NIL NIL "7bit" 0 0) "mixed")`,
    ],
    [
      'a message',
      ['Content-Type: message/rfc822', '', 'From: a@b', 'Subject: s', '', 'body', ''],
      `("message" "rfc822" NIL NIL NIL "7bit" 31 (NIL "s" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL) (${plain} 6 1) 4)`,
    ],
    [
      'another type of message',
      ['Content-Type: message/delivery-status', '', 'x'],
      '("message" "delivery-status" NIL NIL NIL "7bit" 1)',
    ],
    // The grammar of RFC 9051 §9 wants one body within each of these at least.
    ['a multipart without parts', [mixed, '', 'x'], `((${plain} 0 0) "mixed")`],
    [
      'a multipart without a boundary',
      ['Content-Type: multipart/mixed', '', '--b'],
      `((${plain} 0 0) "mixed")`,
    ],
    [
      'a message that is encoded',
      ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'eHh4', ''],
      `("message" "rfc822" NIL NIL NIL "base64" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (${plain} 0 0) 1)`,
    ],
  ])('writes BODY of %s', (_, lines, expected) => {
    expect(basic(lines)).toBe(expected)
  })

  it('adds extension data', () => {
    const fields = [
      'Content-Disposition: Inline',
      'Content-Language: de, en',
      'Content-Location: http://x/',
      'Content-MD5: eA==',
    ]
    expect(extended(fields)).toBe(`(${plain} 0 0 "eA==" ("inline" NIL) ("de" "en") "http://x/")`)
    expect(extended([...fields, 'Content-Type: multipart/mixed', '', ''])).toBe(
      `((${plain} 0 0 NIL NIL NIL NIL) "mixed" NIL ("inline" NIL) ("de" "en") "http://x/")`,
    )
    expect(
      extended([
        'Content-Disposition: attachment; filename="a b"',
        'Content-Language: ,',
        'Content-Location:',
      ]),
    ).toBe(`(${plain} 0 0 NIL ("attachment" ("filename" "a b")) NIL "")`)
    expect(extended([mixed, '', '--b', 'Content-Type: message/rfc822', '', '', '--b--'])).toBe(
      `(("message" "rfc822" NIL NIL NIL "7bit" 0 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (${plain} 0 0 NIL NIL NIL NIL) 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)`,
    )
  })

  // RFC 9051 §9, media-message; RFC 3501 §9 knows message/rfc822 alone.
  it('writes the envelope of message/global for those who know it', () => {
    const lines = ['Content-Type: message/global', '', 'Subject: \xc3\xbc', '', 'x']
    expect(basic(lines)).toBe('("message" "global" NIL NIL NIL "7bit" 16)')
    expect(basic(lines, 'utf8')).toBe('("message" "global" NIL NIL NIL "7bit" 16)')
    expect(basic(lines, 'rev2')).toBe(
      `("message" "global" NIL NIL NIL "7bit" 16 (NIL "\xc3\xbc" NIL NIL NIL NIL NIL NIL NIL NIL) (${plain} 1 0) 2)`,
    )
  })

  it('writes 10,000 multiparts and messages in each other', () => {
    const limits = { depth: 20_000, parts: 50_000 }
    const multiparts = Array.from(
      { length: 10_000 },
      (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}`,
    )
    const messages = 'Content-Type: message/rfc822\r\n\r\n'.repeat(10_000)
    for (const lines of [multiparts, [messages]]) {
      const text = structureText(scan(lines, limits), { form: 'ascii', isExtended: true })
      expect(text.split('"7bit"').length + text.split('"mixed"').length).toBeGreaterThan(10_000)
      expect(text.split('(').length).toBe(text.split(')').length)
    }
  })
})
