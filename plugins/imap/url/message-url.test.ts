import { describe, expect, test } from 'vitest'
import { type MessageUrl, parseMessageUrl } from './message-url.ts'

const nothing = {
  server: undefined,
  mailbox: undefined,
  uidValidity: undefined,
  section: '',
  partial: undefined,
} satisfies Omit<MessageUrl, 'uid'>

describe('URLs of messages', () => {
  test.each<[string, MessageUrl]>([
    ['/Drafts/;UID=20', { ...nothing, mailbox: 'Drafts', uid: 20 }],
    [
      '/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME',
      { ...nothing, mailbox: 'Drafts', uidValidity: 385759045, uid: 20, section: '1.MIME' },
    ],
    [
      '/a/b/;uid=7/;SECTION=HEADER.FIELDS%20(To%20Cc)/;partial=5.100',
      {
        ...nothing,
        mailbox: 'a/b',
        uid: 7,
        section: 'HEADER.FIELDS (To Cc)',
        partial: { offset: 5, length: 100 },
      },
    ],
    ['/a/;UID=1/;PARTIAL=0', { ...nothing, mailbox: 'a', uid: 1, partial: { offset: 0, length: undefined } }],
    [';UID=20', { ...nothing, uid: 20 }],
    [
      ';UID=20/;SECTION=2/;PARTIAL=1.2',
      { ...nothing, uid: 20, section: '2', partial: { offset: 1, length: 2 } },
    ],
    ['/%E5%8F%B0%E5%8C%97/;UID=1', { ...nothing, mailbox: '台北', uid: 1 }],
    ['/a%3Bb%20c/;UID=1', { ...nothing, mailbox: 'a;b c', uid: 1 }],
    ['/inbox/;UID=1', { ...nothing, mailbox: 'INBOX', uid: 1 }],
    ['/iNbOx/x/;UID=1', { ...nothing, mailbox: 'INBOX/x', uid: 1 }],
    ['/x/../a/./b/;UID=1', { ...nothing, mailbox: 'a/b', uid: 1 }],
    ['/../../a/;UID=1', { ...nothing, mailbox: 'a', uid: 1 }],
    // RFC 5092 §9.1: `..` is no dot segment where a validity stands behind it.
    ['/x/..;UIDVALIDITY=3/;UID=1', { ...nothing, mailbox: 'x/..', uidValidity: 3, uid: 1 }],
    [
      'imap://joe@Example.com/INBOX/;uid=20/;section=1.2',
      {
        ...nothing,
        server: { user: 'joe', host: 'example.com', port: undefined },
        mailbox: 'INBOX',
        uid: 20,
        section: '1.2',
      },
    ],
    [
      'IMAP://j%C3%B6;AUTH=*@[::1]:1143/a/;UID=9',
      { ...nothing, server: { user: 'jö', host: '[::1]', port: 1143 }, mailbox: 'a', uid: 9 },
    ],
    [
      '//;AUTH=PLAIN@host:/a/;UID=9',
      { ...nothing, server: { user: undefined, host: 'host', port: undefined }, mailbox: 'a', uid: 9 },
    ],
    ['/a/;UID=4294967295', { ...nothing, mailbox: 'a', uid: 4294967295 }],
  ])('%s', (text, url) => {
    expect(parseMessageUrl(text)).toEqual(url)
  })

  test.each([
    ['nothing', ''],
    ['a list of messages', '/Drafts'],
    ['a search', '/Drafts?SUBJECT%20x'],
    ['a path relative to a mailbox', 'Drafts/;UID=20'],
    ['no mailbox', '//host/;UID=20'],
    ['an empty mailbox', '//;UID=20'],
    ['UID 0', '/a/;UID=0'],
    ['a UID beyond 32 bits', '/a/;UID=4294967296'],
    ['a validity beyond 32 bits', '/a;UIDVALIDITY=4294967296/;UID=1'],
    ['a leading zero', '/a/;UID=01'],
    ['a set', '/a/;UID=1:2'],
    ['what goes up beyond the message', '/foo/;UID=20/..'],
    ['an authorization', '/a/;UID=1;URLAUTH=anonymous:INTERNAL:00112233445566778899aabbccddeeff'],
    ['an empty section', '/a/;UID=1/;SECTION='],
    ['a length of 0', '/a/;UID=1/;PARTIAL=0.0'],
    ['parts in another order', '/a/;UID=1/;PARTIAL=0/;SECTION=1'],
    ['a section alone', ';SECTION=1'],
    ['another scheme', 'http://host/a/;UID=1'],
    ['no host', 'imap:///a/;UID=1'],
    ['two users', 'imap://a@b@c/a/;UID=1'],
    ['an empty user', 'imap://@host/a/;UID=1'],
    ['a user with a password', 'imap://a:b@host/a/;UID=1'],
    ['a mechanism that is not one', 'imap://a;AUTH=@host/a/;UID=1'],
    ['a user with more than a mechanism', 'imap://a;b=c@host/a/;UID=1'],
    ['a user that is no UTF-8', 'imap://%FF@host/a/;UID=1'],
    ['a name that is no UTF-8', '/%FF/;UID=1'],
    ['an octet that must be encoded', '/a b/;UID=1'],
    ['a percent sign alone', '/a%2/;UID=1'],
    ['a line end', '/a/;UID=1\r\n'],
    ['8-bit octets', '/\xc3\xa4/;UID=1'],
  ])('%s is none', (_, text) => {
    expect(parseMessageUrl(text)).toBeUndefined()
  })

  test('a long hostile text costs linear time', () => {
    for (const piece of ['/a', '/;UID=1', ';', '/..', '%41', '@', ':', '/;SECTION=1'])
      expect(parseMessageUrl(piece.repeat(50_000))).toBeUndefined()
  })
})
