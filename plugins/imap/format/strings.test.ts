import { describe, expect, it } from 'vitest'
import { astring, dateTimeText, nstring, numberSet, string } from './strings.ts'

describe('astring', () => {
  it.each([
    ['INBOX', 'INBOX'],
    ['a]b&-/x.y', 'a]b&-/x.y'],
    ['', '""'],
    ['a b', '"a b"'],
    ['NIL', '"NIL"'],
    ['nil', '"nil"'],
    ['nils', 'nils'],
    ['a(b', '"a(b"'],
    ['a%', '"a%"'],
    ['a*', '"a*"'],
    ['{3}', '"{3}"'],
    ['"', '"\\""'],
    ['\\', '"\\\\"'],
    ['\x7f', '"\x7f"'],
    ['a\r\nb', '{4}\r\na\r\nb'],
    ['\xc3\xbc', '{2}\r\n\xc3\xbc'],
    ['x'.repeat(1_001), `{1001}\r\n${'x'.repeat(1_001)}`],
  ])('writes %j', (octets, text) => {
    expect(astring(octets, false)).toBe(text)
  })

  it('quotes UTF-8 where it was agreed on', () => {
    expect(astring('\xc3\xbc', true)).toBe('"\xc3\xbc"')
  })
})

describe('string and nstring', () => {
  it('always quote', () => {
    expect([string('a', false), nstring('a', false), nstring('', false), nstring(undefined, false)]).toEqual([
      '"a"',
      '"a"',
      '""',
      'NIL',
    ])
  })
})

describe('numberSet', () => {
  it.each([
    [[], ''],
    [[7], '7'],
    [[1, 2], '1:2'],
    [[1, 2, 3, 7, 9, 10], '1:3,7,9:10'],
    [[5, 4, 3], '5,4,3'],
    [[3, 3, 4], '3,3:4'],
    [[4_294_967_294, 4_294_967_295], '4294967294:4294967295'],
  ])('writes %j', (numbers, text) => {
    expect(numberSet(numbers)).toBe(text)
  })
})

describe('dateTimeText', () => {
  it.each([
    ['2026-01-01T00:00:00Z', '" 1-Jan-2026 00:00:00 +0000"'],
    ['2026-11-23T23:59:59.999Z', '"23-Nov-2026 23:59:59 +0000"'],
    ['0044-03-15T12:00:00Z', '"15-Mar-0044 12:00:00 +0000"'],
    ['+010000-01-01T00:00:00Z', '"31-Dec-9999 23:59:59 +0000"'],
    ['-000001-12-31T00:00:00Z', '" 1-Jan-0000 00:00:00 +0000"'],
    ['no date', '" 1-Jan-0000 00:00:00 +0000"'],
  ])('writes %s', (date, text) => {
    expect(dateTimeText(new Date(date))).toBe(text)
  })
})
