import { expect, test } from 'vitest'
import { isHttpRequest, lineText, parseCommandLine } from './command-line.ts'

test.each([
  ['NOOP', 'NOOP', ''],
  ['noop  ', 'NOOP', ''],
  ['mail FROM:<a@example.org> SIZE=1 ', 'MAIL', 'FROM:<a@example.org> SIZE=1'],
  ['EHLO\tname', 'EHLO', 'name'],
  ['', '', ''],
  [' NOOP', '', 'NOOP'],
])('%j is taken apart', (text, verb, argument) => {
  expect(parseCommandLine(text)).toEqual({ verb, argument })
})

test('UTF-8 is read as such, controls and broken UTF-8 are refused', () => {
  expect(lineText(Buffer.from('MAIL FROM:<jö@例え.jp>'))).toBe('MAIL FROM:<jö@例え.jp>')
  expect(lineText(Buffer.from('NOOP\ttab'))).toBe('NOOP\ttab')
  for (const bad of ['NO\0OP', 'NO\rOP', 'NOOP\x7f', 'NOOP\x1b[0m', 'NOOP \u0085']) {
    expect(lineText(Buffer.from(bad))).toBeUndefined()
  }
  expect(lineText(Buffer.from([0x4e, 0xff]))).toBeUndefined()
  expect(lineText(Buffer.from([0xc0, 0xaf]))).toBeUndefined()
})

test('a browser is recognised', () => {
  expect(isHttpRequest('POST / HTTP/1.1')).toBe(true)
  expect(isHttpRequest('PRI * HTTP/2.0')).toBe(true)
  expect(isHttpRequest('GET')).toBe(false)
  expect(isHttpRequest('HELO get / HTTP/1.1')).toBe(false)
})
