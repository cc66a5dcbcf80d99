import { describe, expect, test } from 'vitest'
import {
  formatReply,
  isPermanent,
  isRefusal,
  isTransient,
  localError,
  reply,
  replyFault,
  replyText,
} from './reply.ts'

describe('reply', () => {
  test('is a frozen value', () => {
    const value = reply(550, '5.7.1', 'No')
    expect(value).toEqual({ code: 550, enhanced: '5.7.1', lines: ['No'] })
    expect(Object.isFrozen(value) && Object.isFrozen(value.lines)).toBe(true)
    const lines = ['a', 'b']
    const several = reply(250, undefined, lines)
    lines.push('c')
    expect(several.lines).toEqual(['a', 'b'])
  })

  test.each<[number, string | undefined, string | string[]]>([
    [199, undefined, 'x'],
    [600, undefined, 'x'],
    [250.5, undefined, 'x'],
    [550, '4.7.1', 'x'],
    [550, '5.7', 'x'],
    [550, '5.7.1 ', 'x'],
    [550, '5.7.1000', 'x'],
    [550, '5.7.1', []],
    [550, '5.7.1', Array<string>(101).fill('x')],
    [550, '5.7.1', 'a\r\n250 OK'],
    [550, '5.7.1', 'a\nb'],
    [550, '5.7.1', 'NUL \0'],
    [550, '5.7.1', 'DEL \u007f'],
    [550, '5.7.1', 'C1 \u0085'],
    [550, '5.7.1', 'x'.repeat(481)],
    [550, '5.7.1', 'ü'.repeat(241)],
  ])('refuses %s %s %j', (code, enhanced, text) => {
    expect(() => reply(code, enhanced, text)).toThrow(RangeError)
  })
})

describe('replyFault', () => {
  test.each([
    localError,
    { code: 220, enhanced: undefined, lines: ['hello'] },
    { code: 334, enhanced: undefined, lines: [''] },
  ])('%j is a reply', (value) => {
    expect(replyFault(value)).toBeUndefined()
  })

  test.each([
    undefined,
    null,
    550,
    '550 no',
    [],
    {},
    { code: '550', lines: ['x'] },
    { code: 550, enhanced: 5, lines: ['x'] },
    { code: 550, lines: 'x' },
    { code: 550, lines: [1] },
  ])('%j is none', (value) => {
    expect(replyFault(value)).toEqual(expect.any(String))
  })
})

describe('replyText', () => {
  test.each([
    ['plain', 'plain'],
    ['a\r\nb\0c\u007fd\u009fe', 'a??b?c?d?e'],
    ['', ''],
  ])('%j becomes %j', (text, clean) => {
    expect(replyText(text)).toBe(clean)
  })

  test.each([
    'x'.repeat(10_000),
    'ü'.repeat(10_000),
    '😀'.repeat(10_000),
    `x${'😀'.repeat(10_000)}`,
    '\n'.repeat(10_000),
    '\ud800'.repeat(10_000),
  ])('long text fits a reply and is not cut in the middle of a character', (text) => {
    const clean = replyText(text)
    expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(480)
    expect(() => reply(550, '5.7.1', clean)).not.toThrow()
    if (!text.startsWith('\ud800')) expect(Buffer.from(clean).toString()).not.toContain('\ufffd')
  })
})

test('the kinds of reply', () => {
  const kinds = (code: number) =>
    [isRefusal, isTransient, isPermanent].map((is) => is(reply(code, undefined, 'x')))
  expect(kinds(250)).toEqual([false, false, false])
  expect(kinds(354)).toEqual([false, false, false])
  expect(kinds(451)).toEqual([true, true, false])
  expect(kinds(550)).toEqual([true, false, true])
})

test('formatReply writes every line with its code', () => {
  expect(formatReply(reply(250, undefined, ['mail.example', 'SIZE 10', 'HELP']))).toBe(
    '250-mail.example\r\n250-SIZE 10\r\n250 HELP',
  )
  expect(formatReply(reply(550, '5.7.1', ['No', 'never']))).toBe('550-5.7.1 No\r\n550 5.7.1 never')
})
