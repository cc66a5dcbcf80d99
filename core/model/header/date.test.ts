import { describe, expect, it } from 'vitest'
import { formatDate, parseDate } from './date.ts'

describe('parseDate', () => {
  it.each([
    ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
    ['21 Nov 1997 09:55 +0000', '1997-11-21T09:55:00.000Z'],
    ['Tue, 1 Jul 2003 10:52:37 +0200', '2003-07-01T08:52:37.000Z'],
    [
      'Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)',
      '1969-02-14T03:02:00.000Z',
    ],
    ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06.000Z'],
    ['Fri, 21 Nov 97 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06.000Z'],
    ['1 Jan 49 00:00 UT', '2049-01-01T00:00:00.000Z'],
    ['1 Jan 50 00:00 Z', '1950-01-01T00:00:00.000Z'],
    ['1 Jan 103 00:00 EST', '2003-01-01T05:00:00.000Z'],
    ['1 Jan 2003 00:00 pdt', '2003-01-01T07:00:00.000Z'],
    ['1 Jan 2003 00:00 MEZ', '2003-01-01T00:00:00.000Z'],
    ['1 Jan 2003 00:00', '2003-01-01T00:00:00.000Z'],
    ['1 January 2003 0:00:00 +0000', '2003-01-01T00:00:00.000Z'],
    ['30 Jun 1997 23:59:60 +0000', '1997-07-01T00:00:00.000Z'],
    ['1 Jan 0001 00:00:00 +0000', '0001-01-01T00:00:00.000Z'],
    ['29 Feb 0096 23:59:60 +0000', '0096-03-01T00:00:00.000Z'],
    ['29 Feb 2024 12:00 +0000', '2024-02-29T12:00:00.000Z'],
    ['Fri, 21-Nov-1997 09:55:06 +0000', '1997-11-21T09:55:06.000Z'],
    ['Fri 21 Nov 1997 09:55:06 +0000', '1997-11-21T09:55:06.000Z'],
  ])('reads %j', (text, iso) => {
    expect(parseDate(text)?.toISOString()).toBe(iso)
  })

  it.each([
    '',
    'today',
    'Fri, 21 Nov',
    '21 Nov 1997',
    '0 Nov 1997 09:55 +0000',
    '31 Nov 1997 09:55 +0000',
    '29 Feb 2023 12:00 +0000',
    '21 Nev 1997 09:55 +0000',
    '21 Nov 1997 24:00 +0000',
    '21 Nov 1997 09:60 +0000',
    '21 Nov 1997 09:55:61 +0000',
    '(((((((((',
    `${' '.repeat(100_000)}x`,
  ])('refuses %j', (text) => {
    expect(parseDate(text)).toBeUndefined()
  })
})

describe('formatDate', () => {
  const date = new Date('1997-11-21T15:55:06Z')

  it('writes what RFC 5322 §3.3 wants', () => {
    expect(formatDate(date)).toBe('Fri, 21 Nov 1997 15:55:06 +0000')
    expect(formatDate(date, -360)).toBe('Fri, 21 Nov 1997 09:55:06 -0600')
    expect(formatDate(date, 345)).toBe('Fri, 21 Nov 1997 21:40:06 +0545')
    expect(formatDate(new Date('2026-01-02T03:04:05Z'), -210)).toBe('Thu, 1 Jan 2026 23:34:05 -0330')
    expect(() => formatDate(new Date(Number.NaN))).toThrow(RangeError)
  })

  it('leads back to the same second', () => {
    for (const offset of [0, 60, -480, 765]) expect(parseDate(formatDate(date, offset))).toEqual(date)
  })
})
