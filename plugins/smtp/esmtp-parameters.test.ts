import { describe, expect, test } from 'vitest'
import { decodeXtext, parseEsmtpParameters } from './esmtp-parameters.ts'

describe('parameters', () => {
  test('keywords in capitals, values as they are', () => {
    const parsed = parseEsmtpParameters(' size=100  BODY=8BITMIME SMTPUTF8 X-A=b;c=d')
    expect(parsed).toEqual({
      ok: true,
      value: new Map([
        ['SIZE', '100'],
        ['BODY', '8BITMIME'],
        ['SMTPUTF8', undefined],
        ['X-A', 'b;c=d'],
      ]),
    })
  })

  test('nothing, and white space', () => {
    expect(parseEsmtpParameters('')).toEqual({ ok: true, value: new Map() })
    expect(parseEsmtpParameters('  ')).toEqual({ ok: true, value: new Map() })
  })

  test.each([
    'SIZE=1',
    ' =1',
    ' SIZE=',
    ' -X=1',
    ' SIZE=1 size=2',
    ' A=\u0001',
    ' __proto__=1',
    ` ${Array.from({ length: 33 }, (_, index) => `A${index}`).join(' ')}`,
  ])('%j is refused with 501', (text) => {
    expect(parseEsmtpParameters(text)).toMatchObject({ ok: false, reply: { code: 501, enhanced: '5.5.4' } })
  })

  test('names of object members are keywords like any other', () => {
    const parsed = parseEsmtpParameters(' CONSTRUCTOR=1 TOSTRING')
    expect(parsed.ok && [...parsed.value.keys()]).toEqual(['CONSTRUCTOR', 'TOSTRING'])
  })
})

describe('xtext', () => {
  test('is decoded, UTF-8 too', () => {
    expect(decodeXtext('QQ+2B+3D314159')).toBe('QQ+=314159')
    expect(decodeXtext('j+C3+B6')).toBe('jö')
    expect(decodeXtext('j+c3+b6')).toBe('jö')
    expect(decodeXtext('')).toBe('')
  })

  test.each(['a+0D+0Ab', 'a+00', 'a+2g', 'a+', 'a+4', 'a=b', 'a b', 'a+FF', 'a+C2+85', 'a+E2+80+A8', 'ä'])(
    '%j is refused',
    (text) => {
      expect(decodeXtext(text)).toBeUndefined()
    },
  )
})
