import { describe, expect, it } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { sentSeconds } from './sent-date.ts'

function sent(...lines: readonly string[]): string | undefined {
  const seconds = sentSeconds({ header: parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)) })
  return Number.isNaN(seconds) ? undefined : new Date(seconds * 1000).toISOString().replace('.000', '')
}

describe('sentSeconds', () => {
  it.each([
    ['Mon, 23 Nov 2026 10:00:00 +0200', '2026-11-23T08:00:00Z'],
    ['23 Nov 2026 10:00 -0830', '2026-11-23T18:30:00Z'],
    ['23 Nov 2026 10:00:00 PST (Pacific)', '2026-11-23T18:00:00Z'],
    ['23 Nov 2026 10:00:00 nonsense', '2026-11-23T10:00:00Z'],
    ['23 Nov 2026 10:00:00', '2026-11-23T10:00:00Z'],
    ['23 Nov 2026 10:00:00 +9999', '2026-11-23T10:00:00Z'],
    ['23 Nov 2026', '2026-11-23T00:00:00Z'],
    ['Mon, 23 Nov 2026 25:99:00 +0200', '2026-11-23T00:00:00Z'],
    ['Mon, 23 Nov 26 noon', '2026-11-23T00:00:00Z'],
    ['1 Jan 1970 00:00:00 +0100', '1969-12-31T23:00:00Z'],
    ['1 Jan 1900 00:00:00 +0000', '1900-01-01T00:00:00Z'],
  ])('reads %j', (written, moment) => {
    expect(sent(`Date: ${written}`)).toBe(moment)
  })

  it.each([
    '',
    'yesterday',
    '31 Feb 2026 10:00:00 +0000',
    '32 Jan 2026',
    'Wed, 01 May 0102 08:40:01 +0800',
    '31 Dec 1899 23:59:59 +0000',
    `${'1 '.repeat(50_000)}Jan 2026`,
    `${'1-'.repeat(50_000)}`,
  ])('finds no date in %j', (written) => {
    expect(sent(`Date: ${written}`)).toBeUndefined()
  })

  it('takes the first field, and none for no date', () => {
    expect(sent('Date: 23 Nov 2026', 'Date: 24 Nov 2026')).toBe('2026-11-23T00:00:00Z')
    expect(sent('Date: x', 'Date: 24 Nov 2026')).toBeUndefined()
    expect(sent('Subject: x')).toBeUndefined()
  })
})
