import { describe, expect, it } from 'vitest'
import { messageIds } from './message-ids.ts'

describe('messageIds', () => {
  it.each([
    ['<a@b>', ['a@b']],
    ['<a@b> <c@d>\t<e@f>', ['a@b', 'c@d', 'e@f']],
    ['<a@b><c@d>', ['a@b', 'c@d']],
    ['text <a@b> of "somebody" <c@d>; more', ['a@b', 'c@d']],
    // RFC 5256 §3 names these two as one.
    ['<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ['01KF8JCEOCBS0045PS@xxx.yyy.com']],
    ['<01KF8JCEOCBS0045PS@xxx.yyy.com>', ['01KF8JCEOCBS0045PS@xxx.yyy.com']],
    ['<"a\\"b\\\\c"@d>', ['a"b\\c@d']],
    ['< a . b @ c >', ['a.b@c']],
    ['<a(comment (nested) \\) )@b>', ['a@b']],
    ['<a@[192.0.2.1]>', ['a@[192.0.2.1]']],
    ['<a@b@c>', ['a@b@c']],
    ['<"from <c@d> <e@f>', ['c@d', 'e@f']],
    ['<a <c@d>', ['c@d']],
    ['<"a@b> <c@d>', ['"a@b', 'c@d']],
    ['<a(b@c>', ['a(b@c']],
    ['<A@b> <a@B>', ['A@b', 'a@B']],
    ['<none> <> <@> <a@> <@b> a@b', []],
    ['<a@b', []],
    ['a@b>', []],
    ['', []],
    [`<${'a'.repeat(998)}@b> <c@d>`, ['c@d']],
  ])('finds in %j the ids %j', (text, ids) => {
    expect([...messageIds(text)]).toEqual(ids)
  })

  it.each(['<', '>', '<>', '<a@b>', '"', '<"', '<("', '<a"', '(', '<(', '\\', '<a@b', '<"\\"'])(
    'takes linear time for a flood of %j',
    (piece) => {
      const text = piece.repeat(200_000)
      expect([...messageIds(text)].every((id) => id.includes('@'))).toBe(true)
      expect([...messageIds(`${text}> <x@y>`)].at(-1)).toBe('x@y')
    },
  )
})
