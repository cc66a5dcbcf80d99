import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  ConfigError,
  errorCode,
  errorCodes,
  errorText,
  formatFault,
  MailwrightError,
  UnavailableError,
} from './errors.ts'

describe('MailwrightError', () => {
  test('has its code, its name and its cause', () => {
    const cause = new Error('EIO')
    const error = new UnavailableError('the disk fails', { cause })
    expect(error).toBeInstanceOf(MailwrightError)
    expect(error).toMatchObject({ code: 'MAIL_E_UNAVAILABLE', name: 'UnavailableError', cause })
    expect('cause' in new MailwrightError('MAIL_E_INVALID', 'no')).toBe(false)
  })

  test('codes are all of one form', () => {
    for (const code of Object.keys(errorCodes)) expect(code).toMatch(/^MAIL_E_[A-Z]+(_[A-Z]+)*$/)
  })
})

describe('ConfigError', () => {
  test('holds one fault or many, and says each in a line', () => {
    const one = new ConfigError('port', 'is missing', 'say 25')
    expect(one.faults).toEqual([{ path: 'port', problem: 'is missing', suggestion: 'say 25' }])
    expect(one.message).toBe('port: is missing (say 25)')
    const two = new ConfigError([
      { path: 'a', problem: 'is wrong' },
      { path: '', problem: 'is no object' },
    ])
    expect(two.message).toBe('a: is wrong\nis no object')
    expect(errorCode(two)).toBe('MAIL_E_CONFIG')
  })

  test('formatFault leaves out what is not there', () => {
    expect(formatFault({ path: '', problem: 'is wrong', suggestion: 'right it' })).toBe('is wrong (right it)')
  })
})

describe('errorText', () => {
  const unshowable = {
    [inspect.custom]() {
      throw new Error('not shown')
    },
  }

  test('names the causes in a line', () => {
    const error = new MailwrightError('MAIL_E_START', 'a failed', { cause: new Error('b', { cause: 'c' }) })
    expect(errorText(error)).toBe('a failed: b: c')
    expect(
      errorText(
        new ConfigError([
          { path: 'a', problem: 'x' },
          { path: 'b', problem: 'y' },
        ]),
      ),
    ).toBe('a: x / b: y')
  })

  test.each<[string, unknown, string]>([
    ['a text', 'oops', 'oops'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['an error with null as cause', new Error('a', { cause: null }), 'a'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { odd: 1, of: { a: { b: 2 } } }, '{ odd: 1, of: { a: [Object] } }'],
    ['an object as cause', new Error('a', { cause: { odd: 1 } }), 'a: { odd: 1 }'],
    ['an object that cannot be a text', unshowable, 'something was thrown that cannot be shown'],
    ['a text that would break a line', new Error('a\r\n  b\u2028c'), 'a / b / c'],
  ])('of %s', (_, thrown, text) => {
    expect(errorText(thrown)).toBe(text)
  })

  test('survives an error that throws when it is read', () => {
    const hostile = new Error('x')
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('again')
      },
    })
    expect(errorText(hostile)).toBe('something was thrown that cannot be shown')
  })

  test('ends, however long the texts and the chain of causes are', () => {
    const circle = new Error('round')
    circle.cause = circle
    expect(errorText(circle)).toBe('round: round: round: round: round')
    expect(errorText(new Error(' '.repeat(1_000_000))).length).toBeLessThan(2_100)
  })

  test('errorCode is that of our own errors only', () => {
    expect(errorCode(new Error('x'))).toBeUndefined()
    expect(errorCode(new MailwrightError('MAIL_E_IN_USE', 'x'))).toBe('MAIL_E_IN_USE')
  })
})
