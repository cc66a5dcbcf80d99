import { describe, expect, it } from 'vitest'
import { parseContentType } from '../model/mime/parameters.ts'
import type { ImapForm } from './imap-string.ts'
import { parametersText } from './parameters-text.ts'

function text(written: string, form: ImapForm = 'ascii', more?: string): string {
  const field = `text/plain; ${written}`
  const type = parseContentType(Buffer.from(field, 'latin1').toString('utf8'))
  if (type === undefined) throw new Error('no type')
  return parametersText(type.parameters, field, form, more)
}

describe('parametersText', () => {
  it.each([
    ['', 'NIL'],
    ['charset=utf-8; Format=Flowed', '("charset" "utf-8" "format" "Flowed")'],
    ['name="a \\"b\\".txt"', '("name" "a \\"b\\".txt")'],
    ['name=a; name=b', '("name" "a")'],
    ['name=""', '("name" "")'],
    ['name="=?utf-8?q?=C3=BC?="', '("name" "=?utf-8?q?=C3=BC?=")'],
    ['name=\xc3\xbc.txt', '("name" {6}\r\n\xc3\xbc.txt)'],
    ['name="a*b"; x=y', '("name" "a*b" "x" "y")'],
    // RFC 2231 §3 and §6: continuations are joined, in the order of their numbers.
    ['name*1=er; name*0=long; name*2="*.txt"; x=y', '("name" "longer*.txt" "x" "y")'],
    ['name*0=long; name*2=.txt', '("name" "long")'],
    ['name*1=er', 'NIL'],
    ['name=plain; name*1=er', '("name" "plain")'],
    // RFC 2231 §4: what is encoded stays so, charset and language in front.
    ["name*=utf-8'en'%C3%BC.txt", '("name*" "utf-8\'en\'%C3%BC.txt")'],
    ['name*0*=utf-8\'\'%C3%BC; name*1=" %.txt"; name*2*=%20', '("name*" "utf-8\'\'%C3%BC%20%25.txt%20")'],
    ['name*0=a; name*1*=%C3%BC', '("name*" "\'\'a%C3%BC")'],
    ["name=plain; name*=utf-8''%C3%BC", '("name" "plain" "name*" "utf-8\'\'%C3%BC")'],
    ['*=x; **=y; a*b=z', '("*" "x" "**" "y" "a*b" "z")'],
  ])('writes %j', (written, expected) => {
    expect(text(written)).toBe(expected)
  })

  // RFC 9051 §7.5.2: decoded and converted to UTF-8, under the name with an asterisk.
  it('decodes for clients of RFC 9051', () => {
    expect(text("name*0*=iso-8859-1''%FC; name*1=.txt", 'rev2')).toBe('("name*" "\xc3\xbc.txt")')
    expect(text("name=u; name*=utf-8''%C3%BC; x=\xc3\xbc", 'rev2')).toBe(
      '("name" "u" "name*" "\xc3\xbc" "x" "\xc3\xbc")',
    )
    expect(text("name*=utf-8''%C3%BC", 'utf8')).toBe('("name*" "utf-8\'\'%C3%BC")')
  })

  it('puts more behind them', () => {
    expect([text('', 'ascii', ' "a" "b"'), text('x=y', 'ascii', ' "a" "b"')]).toEqual([
      '("a" "b")',
      '("x" "y" "a" "b")',
    ])
  })

  it('takes floods', () => {
    expect(text('a*0=x;'.repeat(50_000))).toBe('("a" "x")')
    expect(text(`a*=${'%41'.repeat(50_000)}`).length).toBe(150_000 + 17)
    expect(text(Array.from({ length: 5_000 }, (_, number) => `a*${number}*=%41`).join(';'))).toMatch(
      /^\("a\*" "(?:''|%41)+"\)$/,
    )
  })
})
