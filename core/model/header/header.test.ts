import { describe, expect, it } from 'vitest'
import { type Header, parseHeader } from './header.ts'

function header(text: string): Header {
  return parseHeader(Buffer.from(text, 'latin1'))
}

describe('parseHeader', () => {
  it('reads fields in order, as written, up to the empty line', () => {
    const parsed = header('From: a\r\nSUBJECT:  b \r\nto : c\r\n\r\nbody: x\r\n')
    expect(parsed.fields.map((field) => [field.name, field.body, field.start, field.end])).toEqual([
      ['From', 'a', 0, 9],
      ['SUBJECT', 'b', 9, 23],
      ['to', 'c', 23, 31],
    ])
    expect(parsed.size).toBe(33)
    expect(parsed.ended).toBe(true)
    expect(parsed.raw.toString()).toBe('From: a\r\nSUBJECT:  b \r\nto : c\r\n\r\n')
    expect(parsed.fields[1]?.raw.toString()).toBe('SUBJECT:  b \r\n')
  })

  it('unfolds, with CRLF and with LF', () => {
    expect(header('A: b\r\n c\r\n\t d\r\n\r\n').first('a')?.body).toBe('b c\t d')
    expect(header('A: b\n c\n\nbody').first('a')?.body).toBe('b c')
    expect(header('A:\r\n b\r\n\r\n').first('a')?.body).toBe('b')
    expect(header('A: b\r\n \r\n c\r\n\r\nx').size).toBe(15)
  })

  it('finds fields whatever their case, first and all', () => {
    const parsed = header('X: 1\r\ny: 2\r\nx: 3\r\n\r\n')
    expect(parsed.first('X')?.body).toBe('1')
    expect(parsed.all('x').map((field) => field.body)).toEqual(['1', '3'])
    expect(parsed.all('z')).toEqual([])
    expect(parsed.first('z')).toBeUndefined()
    expect(parsed.names).toEqual(['x', 'y'])
  })

  it('takes __proto__, constructor and the like for fields', () => {
    const parsed = header('__proto__: 1\r\nconstructor: 2\r\nhasOwnProperty: 3\r\n\r\n')
    expect(parsed.first('__proto__')?.body).toBe('1')
    expect(parsed.first('constructor')?.body).toBe('2')
    expect(parsed.first('toString')).toBeUndefined()
    expect(parsed.all('valueOf')).toEqual([])
  })

  it('decodes encoded words on request only', () => {
    const parsed = header('Subject: =?utf-8?q?=C3=BC?=\r\n\r\n')
    expect(parsed.first('subject')?.body).toBe('=?utf-8?q?=C3=BC?=')
    expect(parsed.text('subject')).toBe('ü')
    expect(parsed.text('from')).toBeUndefined()
  })

  it('reads 8-bit octets as UTF-8, else as Windows-1252', () => {
    expect(parseHeader(Buffer.from('A: ü\r\n\r\n')).first('a')?.body).toBe('ü')
    expect(header('A: \xfc\r\n\r\n').first('a')?.body).toBe('ü')
    expect(header('A: \xfc\r\n\r\n').first('a')?.bodyOctets).toBe('\xfc')
    expect(header('A: \xfc\r\n\r\n').hasEightBit).toBe(true)
    expect(header('A: b\r\n\r\n').hasEightBit).toBe(false)
  })

  it('keeps lines that are no field', () => {
    const parsed = header(
      ' lead\r\nFrom jo Mon\r\nA: b\r\nno field here\r\n with more\r\nB\xfc: c\r\nD e: f\r\n: g\r\nH: i\r\n\r\n',
    )
    expect(parsed.fields.map((field) => field.name)).toEqual(['', '', 'A', '', '', '', '', 'H'])
    expect(parsed.fields[3]?.raw.toString()).toBe('no field here\r\n with more\r\n')
    expect(parsed.hasStrayLines).toBe(true)
    expect(parsed.first('')).toBeUndefined()
  })

  it('lets no CR, LF or NUL into a body', () => {
    expect(header('A: b\rBcc: c\0d\r\n\r\n').first('a')?.body).toBe('b Bcc: c d')
    expect(header('A: b\r\n\r\n').names).toEqual(['a'])
    expect(header('A\0: b\r\n\r\n').fields[0]?.name).toBe('')
  })

  it.each([
    ['', 0, false],
    ['\r\n', 2, true],
    ['\n', 1, true],
    ['A: b', 4, false],
    ['A: b\r\n', 6, false],
    ['A: b\r\n\r', 7, false],
    ['A: b\n\r\nc', 7, true],
  ])('knows where %j ends', (text, size, ended) => {
    const parsed = header(text)
    expect([parsed.size, parsed.ended]).toEqual([size, ended])
    expect(parsed.raw.toString('latin1')).toBe(text.slice(0, size))
  })
})

describe('limits of a header', () => {
  it('leaves fields beyond the limit unread, but finds the end', () => {
    const parsed = parseHeader(Buffer.from(`${'A: b\r\n'.repeat(10)}\r\nbody`), { fields: 3 })
    expect(parsed.fields).toHaveLength(3)
    expect([parsed.truncated, parsed.size]).toEqual([true, 62])
  })

  it('leaves octets beyond the limit unread, but finds the end', () => {
    const parsed = parseHeader(Buffer.from(`A: ${'b'.repeat(5000)}\r\nC: d\r\n\r\nbody`), { octets: 100 })
    expect(parsed.first('a')?.body).toBe('b'.repeat(97))
    expect([parsed.truncated, parsed.size, parsed.fields.length]).toEqual([true, 5013, 1])
    expect(parseHeader(Buffer.from(`A: ${'b'.repeat(5000)}`), { octets: 100 }).size).toBe(5003)
  })

  it('does not mind a long body behind a short header', () => {
    const parsed = parseHeader(Buffer.from(`A: b\r\n\r\n${'b'.repeat(5000)}`), { octets: 100 })
    expect([parsed.truncated, parsed.size]).toEqual([false, 8])
  })

  it('reads a line of 10 MB', () => {
    const parsed = parseHeader(Buffer.from(`A: ${'b'.repeat(10_000_000)}\r\n\r\n`))
    expect(parsed.truncated).toBe(true)
    expect(parsed.size).toBe(10_000_007)
    expect(parsed.first('a')?.body).toHaveLength(1_048_573)
  })
})
