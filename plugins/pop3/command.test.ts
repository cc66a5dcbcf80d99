import { describe, expect, test } from 'vitest'
import { isHttp, parseCommand, parseNumber, words } from './command.ts'

const parse = (text: string | Buffer) => parseCommand(Buffer.from(text))

describe('parseCommand', () => {
  test('keywords are in any case', () => {
    expect(parse('rEtR 12')).toEqual({ keyword: 'RETR', rest: '12' })
    expect(parse('QUIT')).toEqual({ keyword: 'QUIT', rest: '' })
  })

  test('keeps the spaces of a password', () => {
    expect(parse('PASS  two  spaces ')).toEqual({ keyword: 'PASS', rest: ' two  spaces ' })
  })

  test('takes UTF-8', () => {
    expect(parse('PASS grün')).toEqual({ keyword: 'PASS', rest: 'grün' })
  })

  test.each([
    ['nothing', ''],
    ['a space first', ' STAT'],
    ['a NUL', 'STAT\0'],
    ['a CR', 'STAT\rQUIT'],
    ['DEL', 'USER a\u007f'],
    ['no word', '+OK'],
    ['octets that are not UTF-8', Buffer.from([0x55, 0x53, 0x45, 0x52, 0x20, 0xff])],
    ['a byte order mark', '\ufeffSTAT'],
  ])('refuses %s', (_, line) => {
    expect(parse(line)).toBeUndefined()
  })
})

test('words are parted by any number of spaces', () => {
  expect(words('')).toEqual([])
  expect(words(' 1  2 ')).toEqual(['1', '2'])
})

test('numbers are plain decimal digits', () => {
  expect(['0', '1', '42', '9999999999'].map(parseNumber)).toEqual([0, 1, 42, 9_999_999_999])
  for (const wrong of ['', '01', '+1', '-1', '1.0', '1e3', '0x1', '1 ', '٣', '10000000000', 'NaN']) {
    expect(parseNumber(wrong)).toBeUndefined()
  }
})

test('a browser gives itself away', () => {
  expect(isHttp({ keyword: 'POST', rest: '/ HTTP/1.1' })).toBe(true)
  expect(isHttp({ keyword: 'STAT', rest: '' })).toBe(false)
})
