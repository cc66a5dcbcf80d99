import { describe, expect, it } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { dayOf, parseDay, sentDay } from './calendar-day.ts'

function sent(...lines: readonly string[]): string | undefined {
  const day = sentDay({ header: parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)) })
  return day === undefined ? undefined : new Date(day * 86_400_000).toISOString().slice(0, 10)
}

describe('sentDay', () => {
  it.each([
    ['Mon, 23 Nov 2026 10:00:00 +0000', '2026-11-23'],
    ['Mon, 23 Nov 2026 23:59:59 -1200', '2026-11-23'],
    ['Mon, 23 Nov 2026 00:00:00 +1400', '2026-11-23'],
    ['23 Nov 2026 00:30 +0200 (CEST)', '2026-11-23'],
    ['23 Nov 2026 23:30:00 -0800 (Pacific Standard Time) (so it says)', '2026-11-23'],
    ['23 Nov 2026 23:30:00 PST', '2026-11-23'],
    ['23 Nov 26 00:30:00 GMT', '2026-11-23'],
    ['23 Nov 2026 00:30:00', '2026-11-23'],
    ['Thu, 1 Jan 1970 00:00:00 +0100', '1970-01-01'],
    ['31 Dec 1969 23:00:00 -0100', '1969-12-31'],
    // RFC 5256 §2.2 has the day count where the time is none.
    ['Fri, 5 Jan 2024', '2024-01-05'],
    ['5 Jan 2024 24:00:00 -0800', '2024-01-05'],
    ['Fri, 5 Jan 2024 10:61:00 +0000', '2024-01-05'],
    ['Fri, 5 Jan 2024 23:00:00 +9999', '2024-01-05'],
  ])('reads %s', (written, day) => {
    expect(sent(`Date: ${written}`)).toBe(day)
  })

  it.each(['', 'yesterday', '31 Feb 2026 10:00:00 +0000', '32 Jan 2024'])('finds no day in %j', (written) => {
    expect(sent(`Date: ${written}`)).toBeUndefined()
  })

  it('reads the day of a field that is very long', () => {
    expect(sent(`Date: 23 Nov 2026 10:00:00 ${' '.repeat(100_000)}+0000`)).toBe('2026-11-23')
  })

  it('reads the first Date field, folded or not, and none where there is none', () => {
    expect(sent('date: Mon,\r\n 23 Nov 2026\r\n 10:00:00 +0000', 'Date: 1 Jan 2020 10:00 +0000')).toBe(
      '2026-11-23',
    )
    expect(sent('Subject: x')).toBeUndefined()
  })
})

describe('parseDay', () => {
  it.each(['2026-02-28', '2024-02-29', '1970-01-01', '0001-01-01', '9999-12-31', '1582-10-10'])(
    'reads %s',
    (day) => {
      expect(parseDay(day)).toBe(dayOf(new Date(`${day}T12:00:00Z`)))
    },
  )

  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-1',
    '26-01-01',
    '2026-01-32',
    '',
    '2026-01-01T00:00',
  ])('takes %j for no day', (day) => {
    expect(parseDay(day)).toBeUndefined()
  })
})
