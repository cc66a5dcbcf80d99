import { describe, expect, test } from 'vitest'
import { literalMark, readHead, tagOf } from './command-head.ts'

describe('readHead', () => {
  test.each([
    ['a NOOP', { tag: 'a', name: 'NOOP', end: 6 }],
    ['a1 select INBOX', { tag: 'a1', name: 'SELECT', end: 9 }],
    ['x uid fetch 1 FLAGS', { tag: 'x', name: 'UID FETCH', end: 11 }],
    ['x uid', { tag: 'x', name: 'UID', end: 5 }],
    ['x uid 1', { tag: 'x', name: 'UID', end: 5 }],
    // RFC 9051 §9: a tag is made of ASTRING-CHAR, of which `]` is one.
    [`${'t'.repeat(200)} NOOP`, { tag: 't'.repeat(200), name: 'NOOP', end: 205 }],
    [']. NOOP', { tag: '].', name: 'NOOP', end: 7 }],
  ])('%s', (line, head) => expect(readHead(line)).toEqual(head))

  test.each([
    '',
    'a',
    'a ',
    ' a NOOP',
    '+ NOOP',
    'a+b NOOP',
    '(a NOOP',
    'a  NOOP',
    'a NO\0OP',
    'a NOOP(',
    'ä NOOP',
  ])('no command: %j', (line) => expect(readHead(line)).toBeUndefined())

  test('finds whom to answer', () => {
    expect(tagOf('a1 !')).toBe('a1')
    expect(tagOf('a1')).toBe('a1')
    expect(tagOf('{')).toBe('*')
    expect(tagOf('')).toBe('*')
  })
})

describe('literalMark', () => {
  test.each([
    ['a LOGIN {5}', { size: 5, isNumber64: true, immediate: false, binary: false, start: 8 }],
    ['a LOGIN {5+}', { size: 5, isNumber64: true, immediate: true, binary: false, start: 8 }],
    ['~{0}', { size: 0, isNumber64: true, immediate: false, binary: true, start: 0 }],
    [
      '{9999999999999999}',
      { size: Number.MAX_SAFE_INTEGER, isNumber64: true, immediate: false, binary: false, start: 0 },
    ],
    [
      '{9223372036854775807}',
      { size: Number.MAX_SAFE_INTEGER, isNumber64: true, immediate: false, binary: false, start: 0 },
    ],
    [
      '{9223372036854775808}',
      { size: Number.MAX_SAFE_INTEGER, isNumber64: false, immediate: false, binary: false, start: 0 },
    ],
    [
      `{${'9'.repeat(400)}+}`,
      { size: Number.MAX_SAFE_INTEGER, isNumber64: false, immediate: true, binary: false, start: 0 },
    ],
    ['a {00000000000000000005+}', { size: 5, isNumber64: true, immediate: true, binary: false, start: 2 }],
    ['{{5}', { size: 5, isNumber64: true, immediate: false, binary: false, start: 1 }],
  ])('%s', (line, mark) => expect(literalMark(line)).toEqual(mark))

  test.each(['', '}', '{}', '{5', '{-5}', '{5-}', '{a}', '{5} ', '{}}'])('none: %j', (line) =>
    expect(literalMark(line)).toBeUndefined(),
  )
})
