import { expect, it } from 'vitest'
import { formatDovecotKeywords, parseDovecotKeywords } from './dovecot-keywords.ts'

const parse = (text: string) => Object.fromEntries(parseDovecotKeywords(Buffer.from(text)))

it('reads what the letters mean', () => {
  expect(parse('0 $Forwarded\n1 Junk\n25 Custom\n')).toEqual({ a: '$Forwarded', b: 'Junk', z: 'Custom' })
  expect(parse('')).toEqual({})
})

it('passes over what is wrong, and over a last line that may be cut off', () => {
  const wrong = [
    'x Name',
    '26 Name',
    '-1 Name',
    '3',
    '3 ',
    '3 two words',
    '4 \\Seen',
    '5 ü',
    '6 a"b',
    '',
    ' 7 Name',
  ]
  expect(parse(`${wrong.join('\n')}\n8 Good\n9 Cut`)).toEqual({ i: 'Good' })
  expect(parse(`1 ${'x'.repeat(256)}\n2 ${'x'.repeat(100_000)}\n3 Good\n`)).toEqual({ d: 'Good' })
})

it('lets the later of two lines count', () => {
  expect(parse('0 Old\n0 New\n')).toEqual({ a: 'New' })
})

it('writes what it reads', () => {
  const names = Array.from({ length: 26 }, (_, index) => `Keyword${index}`)
  expect([...parseDovecotKeywords(formatDovecotKeywords(names)).values()]).toEqual(names)
  expect(formatDovecotKeywords(['$Junk', '', 'Other']).toString()).toBe('0 $Junk\n2 Other\n')
  expect(formatDovecotKeywords([])).toHaveLength(0)
})

it('refuses what the file cannot hold', () => {
  const invalid = expect.objectContaining({ code: 'MAIL_E_INVALID' })
  expect(() => formatDovecotKeywords(Array.from({ length: 27 }, () => 'x'))).toThrow(invalid)
  for (const name of ['two words', 'a\nb', '\\Seen', 'ü', '(', 'a]'])
    expect(() => formatDovecotKeywords([name]), name).toThrow(invalid)
})
