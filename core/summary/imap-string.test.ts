import { describe, expect, it } from 'vitest'
import { headerNstring, headerString, imapString } from './imap-string.ts'

describe('imapString', () => {
  it.each([
    ['', '""'],
    ['plain text', '"plain text"'],
    ['a "quoted" \\ word', '"a \\"quoted\\" \\\\ word"'],
    ['tab\there \x01\x7f', '"tab\there \x01\x7f"'],
    ['two\r\nlines', '{10}\r\ntwo\r\nlines'],
    ['\r', '{1}\r\n\r'],
    ['nul\0', '"nul "'],
    ['\0\n', '{2}\r\n \n'],
    ['x'.repeat(1_000), `"${'x'.repeat(1_000)}"`],
    ['x'.repeat(1_001), `{1001}\r\n${'x'.repeat(1_001)}`],
    ['"'.repeat(1_001), `{1001}\r\n${'"'.repeat(1_001)}`],
  ])('writes %j', (octets, text) => {
    for (const utf8 of [true, false]) expect(imapString(octets, utf8)).toBe(text)
  })

  // RFC 9051 §4.3: what is not 7-bit is quoted only where UTF-8 was agreed on, and is UTF-8 then.
  it('writes octets beyond ASCII as a literal, or quoted as UTF-8', () => {
    expect(imapString('\xc3\xbc', false)).toBe('{2}\r\n\xc3\xbc')
    expect(imapString('\xc3\xbc "x"', true)).toBe('"\xc3\xbc \\"x\\""')
    expect(imapString('\xc3\xbc\r', true)).toBe('{3}\r\n\xc3\xbc\r')
    expect(imapString('\xfc', true)).toBe('{1}\r\n\xfc')
  })
})

describe('headerString', () => {
  it('leaves octets as they are where UTF-8 was not agreed on', () => {
    expect([headerString('a', 'ascii'), headerString('\xfc', 'ascii')]).toEqual(['"a"', '{1}\r\n\xfc'])
  })

  it('never writes what is not UTF-8 where UTF-8 was agreed on', () => {
    expect(headerString('\xfc\x80', 'utf8')).toBe('"\xc3\xbc\xe2\x82\xac"')
    expect(headerString('\xc3\xbc', 'rev2')).toBe('"\xc3\xbc"')
    expect(headerString('\xfc'.repeat(1_001), 'rev2')).toBe(`{2002}\r\n${'\xc3\xbc'.repeat(1_001)}`)
  })
})

describe('headerNstring', () => {
  it('tells nothing from the empty string', () => {
    const texts = [undefined, '', 'NIL'].map((octets) => headerNstring(octets, 'ascii'))
    expect(texts).toEqual(['NIL', '""', '"NIL"'])
  })
})
