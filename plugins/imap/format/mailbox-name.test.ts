import { describe, expect, it } from 'vitest'
import { decodeMailboxName, encodeMailboxName } from './mailbox-name.ts'

describe('encodeMailboxName and decodeMailboxName', () => {
  // RFC 3501 §5.1.3 has the second last of them.
  it.each([
    ['INBOX', 'INBOX', 'INBOX'],
    ['a b/~', 'a b/~', 'a b/~'],
    ['R&D', 'R&-D', 'R&D'],
    ['&', '&-', '&'],
    ['Entw\u00fcrfe', 'Entw&APw-rfe', 'Entw\xc3\xbcrfe'],
    ['\u00fc&\u00fc', '&APw-&-&APw-', '\xc3\xbc&\xc3\xbc'],
    ['\u{1f600}', '&2D3eAA-', '\xf0\x9f\x98\x80'],
    [
      '~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e',
      '~peter/mail/&U,BTFw-/&ZeVnLIqe-',
      '~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e',
    ],
    ['\ufeffx', '&,v8-x', '\xef\xbb\xbfx'],
  ])('%s', (name, utf7, utf8) => {
    expect([encodeMailboxName(name, false), encodeMailboxName(name, true)]).toEqual([utf7, utf8])
    expect([decodeMailboxName(utf7, false), decodeMailboxName(utf8, true)]).toEqual([name, name])
  })

  it('take UTF-8 also from clients that did not ask for it', () => {
    expect(decodeMailboxName('Entw\xc3\xbcrfe', false)).toBe('Entw\u00fcrfe')
  })

  it('take an ampersand for itself where UTF-8 was agreed on', () => {
    expect(decodeMailboxName('&APw-', true)).toBe('&APw-')
  })
})

describe('decodeMailboxName', () => {
  it.each([
    // Not ended, no base64, or not as base64 ends.
    '&',
    'a&b',
    '&APw',
    '&AP/-',
    '&AP-',
    '&APx-',
    '&APw=-',
    // RFC 3501 §5.1.3: not for what needs none, and not two where one will do.
    '&AGE-',
    '&ACY-',
    '&U,BTFw-&ZeVnLIqe-',
    // Half a character, and controls.
    '&2D0-',
    '&3gA-',
    '&AAA-',
    '&AAo-',
    '&AH8-',
    '&AIU-',
    '&ICg-',
    'a\0',
    'a\tb',
    '\x7f',
    '\xfc',
    '\xc3',
    '\xc2\x85',
    '\xe2\x80\xa8',
    '\xed\xa0\x80',
  ])('refuses %j', (octets) => {
    expect(decodeMailboxName(octets, false)).toBeUndefined()
  })

  it('refuses the same in UTF-8', () => {
    for (const octets of ['\0', '\r\n', '\xfc', '\xc2\x85', '\xe2\x80\xa9', '\xed\xa0\x80'])
      expect(decodeMailboxName(octets, true)).toBeUndefined()
  })
})
