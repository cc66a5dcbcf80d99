import { describe, expect, it } from 'vitest'
import {
  type Parameters,
  parseContentDisposition,
  parseContentType,
  suggestedFilename,
} from './parameters.ts'

function parameters(text: string): Parameters {
  const parsed = parseContentType(`text/plain${text}`)
  if (parsed === undefined) throw new Error('not a content type')
  return parsed.parameters
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(parameters(text))
}

describe('parseContentType', () => {
  it.each([
    ['text/plain', 'text', 'plain'],
    [' Text / HTML ;charset=x', 'text', 'html'],
    ['(a (nested) comment) text/plain (b); charset=x', 'text', 'plain'],
    ['application/vnd.x+json', 'application', 'vnd.x+json'],
    ['text/html charset=utf-8', 'text', 'html'],
  ])('reads %s', (text, type, subtype) => {
    expect(parseContentType(text)).toMatchObject({ type, subtype })
  })

  it.each(['', 'text', 'text/', '/plain', ';charset=x', '"text"/plain', '(text/plain', 'text;plain'])(
    'refuses %j',
    (text) => {
      expect(parseContentType(text)).toBeUndefined()
    },
  )
})

describe('parameters', () => {
  it.each([
    ['; charset=us-ascii (Plain text)', { charset: 'us-ascii' }],
    ['; charset="us-ascii"', { charset: 'us-ascii' }],
    [' (x); (y) charset (z) = (q) us-ascii', { charset: 'us-ascii' }],
    ['; CharSet=UTF-8;', { charset: 'UTF-8' }],
    ['; a="x;y\\"z\\\\"; b=c', { a: 'x;y"z\\', b: 'c' }],
    ['; name=my file (1).pdf; b=c', { name: 'my file (1).pdf', b: 'c' }],
    ['; name=my file.pdf', { name: 'my file.pdf' }],
    ['; a="open', { a: 'open' }],
    ['; a="b"junk; c=d', { a: 'b', c: 'd' }],
    ['; a; b=c', { b: 'c' }],
    ['; =x; b=c', { b: 'c' }],
    ['; a=', { a: '' }],
    ['; a=;b=c', { a: '', b: 'c' }],
    [';;; a=b', { a: 'b' }],
    ['; a=b=c', { a: 'b=c' }],
  ])('reads %s', (text, expected) => {
    expect(pairs(text)).toEqual(expected)
  })

  // RFC 2231 §3, §4 and §4.1
  it.each([
    ['; URL*0="ftp://";URL*1="cs.example/pub"', { url: 'ftp://cs.example/pub' }],
    ["; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", { title: 'This is ***fun***' }],
    [
      "; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
      { title: "This is even more ***fun*** isn't it!" },
    ],
    ['; name*1=b; name*0=a; name*2=c', { name: 'abc' }],
    ['; name*0=a; name*2=c', { name: 'a' }],
    ['; name*1=b', { name: '' }],
    ["; name*=utf-8''%C3%BC", { name: 'ü' }],
    ["; name*0*=utf-8''%C3; name*1*=%BC", { name: 'ü' }],
    ["; name*=iso-8859-1'de'%FC", { name: 'ü' }],
    ["; name*=x-unknown''%C3%BC", { name: 'ü' }],
    ['; name*=%C3%BC', { name: 'ü' }],
    ["; name=plain; name*=utf-8''better", { name: 'better' }],
    ["; name*=utf-8''a%0D%0Ab%00", { name: 'a  b ' }],
    ["; name*=utf-8''%G1%2", { name: '%G1%2' }],
    ['; *=a; *0=b', { '*': 'a', '*0': 'b' }],
  ])('reads %s', (text, expected) => {
    expect(pairs(text)).toEqual(expected)
  })

  it('takes the first of two and names them', () => {
    const given = parameters('; boundary=a; BOUNDARY=b; name*0=x; name*0=y; x=1')
    expect([given.get('Boundary'), given.get('name'), given.size]).toEqual(['a', 'x', 3])
    expect(given.duplicates).toEqual(new Set(['boundary', 'name']))
  })

  it('names what is given plainly and encoded, but for file names', () => {
    const given = parameters("; boundary=a; boundary*=us-ascii''b; filename=a; filename*=us-ascii''b")
    expect([given.get('boundary'), [...given.duplicates]]).toEqual(['b', ['boundary']])
  })

  it('takes __proto__ and constructor for names', () => {
    const given = parameters('; __proto__=a; constructor=b')
    expect([given.get('__proto__'), given.get('constructor'), given.get('toString')]).toEqual([
      'a',
      'b',
      undefined,
    ])
  })

  it('reads 100 and no more', () => {
    expect(parameters('; a=b'.repeat(100)).truncated).toBe(false)
    const flood = Array.from({ length: 100_000 }, (_, number) => `; name*${number}=x`).join('')
    expect(parameters(flood).truncated).toBe(true)
    expect(parameters(flood).get('name')).toHaveLength(100)
  })
})

describe('parseContentDisposition', () => {
  it('reads the kind and its parameters', () => {
    const parsed = parseContentDisposition('Attachment; filename="a b.txt"; size=10')
    expect(parsed?.kind).toBe('attachment')
    expect([...(parsed?.parameters ?? [])]).toEqual([
      ['filename', 'a b.txt'],
      ['size', '10'],
    ])
    expect(parseContentDisposition('inline')?.kind).toBe('inline')
    expect(parseContentDisposition('')).toBeUndefined()
    expect(parseContentDisposition('"x"')).toBeUndefined()
  })

  it('suggests a file name, also one that was encoded as it may not be', () => {
    const type = parseContentType('text/plain; name="=?utf-8?q?=C3=BC?="')
    const disposition = parseContentDisposition('attachment; filename=b')
    expect(type && suggestedFilename(undefined, type)).toBe('ü')
    expect(type && suggestedFilename(disposition, type)).toBe('b')
  })
})
