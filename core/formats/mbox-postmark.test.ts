import { describe, expect, it } from 'vitest'
import { parsePostmark, postmark } from './mbox-postmark.ts'

const local = new Date(2026, 10, 8, 1, 2, 3)

describe('postmark', () => {
  it('is read back as it was written', () => {
    for (const date of [local, new Date(1999, 11, 31, 23, 59, 59), new Date('1970-01-01T00:00:01Z')])
      expect(parsePostmark(postmark('ann@example.org', date))).toEqual({ sender: 'ann@example.org', date })
  })

  it.each(['', ' ', '\r\n'])('names MAILER-DAEMON for mail without a sender: %j', (sender) => {
    expect(postmark(sender, local)).toBe('From MAILER-DAEMON Sun Nov  8 01:02:03 2026')
  })

  it('has no more of a sender than an address can be long', () => {
    expect(postmark('x'.repeat(5000), local)).toMatch(/^From x{512} /)
  })
})

describe('parsePostmark', () => {
  it.each([
    ['From a@b  Sun Nov  8 01:02:03 2026', 'a@b'],
    ['From "a b"@c Sun Nov 08 01:02:03 2026', '"a b"@c'],
    ['From a@b Sun Nov 8 1:02:03 2026 remote from x', 'a@b'],
    ['From a@b 8 Nov 2026 01:02:03', 'a@b'],
    ['From a@b Sunday, 8 November 2026 01:02:03', 'a@b'],
    ['From  Sun Nov  8 01:02:03 2026', 'MAILER-DAEMON'],
  ])('reads %j in local time', (line, sender) => {
    expect(parsePostmark(line)).toEqual({ sender, date: local })
  })

  it.each([
    ['From a@b Sun Nov  8 01:02:03 2026 +0100', '2026-11-08T00:02:03.000Z'],
    ['From a@b Sun Nov  8 01:02:03 GMT 2026', '2026-11-08T01:02:03.000Z'],
    ['From a@b Sun, 8 Nov 2026 01:02:03 -0230', '2026-11-08T03:32:03.000Z'],
    ['From a@b Sun Nov  8 01:02:03 +0000 2026', '2026-11-08T01:02:03.000Z'],
  ])('reads the time zone of %j', (line, date) => {
    expect(parsePostmark(line)?.date?.toISOString()).toBe(date)
  })

  it('takes a date that cannot be for a postmark without one', () => {
    for (const date of ['Sun Feb 30 01:02:03 2026', 'Sun Nov  8 25:02:03 2026', 'Sun Nov  8 01:60:03 2026'])
      expect(parsePostmark(`From a@b ${date}`), date).toEqual({ sender: 'a@b' })
  })

  it.each([
    'From here on it goes on',
    'From a@b',
    'From: a@b Sun Nov  8 01:02:03 2026',
    '>From a@b Sun Nov  8 01:02:03 2026',
    'From the meeting at 10:30 in 2026',
    'From Mon Nov 8 10:30 on',
  ])('takes %j for text', (line) => {
    expect(parsePostmark(line)).toBeUndefined()
  })
})
