import { describe, expect, test } from 'vitest'
import { findHeaderSection } from './header-section.ts'

/** The fields and the body of a whole message. */
function parts(text: string): readonly string[] {
  const octets = Buffer.from(text, 'latin1')
  const { fields, body } = findHeaderSection(octets, true) ?? { fields: -1, body: -1 }
  return [octets.toString('latin1', 0, fields), octets.toString('latin1', body)]
}

describe('findHeaderSection', () => {
  test.each([
    ['To: a\nX: b\n\nbody\n', 'To: a\nX: b\n', 'body\n'],
    ['To: a\r\nX: b\r\n\r\nbody\r\n', 'To: a\r\nX: b\r\n', 'body\r\n'],
    ['To: a\n folded\n\tmore\n\n', 'To: a\n folded\n\tmore\n', ''],
    ['To: a', 'To: a', ''],
    ['To: a\nhello\n\nbody', 'To: a\n', 'hello\n\nbody'],
    ['To: a\n: no name\n', 'To: a\n', ': no name\n'],
    ['To : a\nhello', 'To : a\n', 'hello'],
    ['hello world\n', '', 'hello world\n'],
    [' To: a\n', '', ' To: a\n'],
    ['\nTo: a\n', '', 'To: a\n'],
    ['', '', ''],
    ['X: \xff\n\n\xff', 'X: \xff\n', '\xff'],
  ])('%j', (text, fields, body) => expect(parts(text)).toEqual([fields, body]))

  test('tells that more has to come', () => {
    for (const text of ['', 'To: a', 'To: a\n', 'To: a\n x\n', 'To: a\n\r'])
      expect(findHeaderSection(Buffer.from(text), false)).toBeUndefined()
    expect(findHeaderSection(Buffer.from('To: a\n\nb'), false)).toEqual({ fields: 6, body: 7 })
  })

  test('a line that never ends is no field', () => {
    const octets = Buffer.alloc(2_000_000, 'x')
    expect(findHeaderSection(octets, true)).toEqual({ fields: 0, body: 0 })
    expect(findHeaderSection(octets, false)).toEqual({ fields: 0, body: 0 })
  })

  test('where a line is cut does not make it another one', () => {
    for (const line of [`${'x'.repeat(2_000)}: y`, `To${' '.repeat(2_000)}: y`]) {
      for (const cut of [1_000, 1_001, 2_000, 2_002, 2_004])
        expect(findHeaderSection(Buffer.from(line).subarray(0, cut), false)).toEqual({ fields: 0, body: 0 })
    }
    const field = Buffer.from(`To: ${'y'.repeat(2_000)}`)
    for (const cut of [2, 999, 1_000, 2_004])
      expect(findHeaderSection(field.subarray(0, cut), false)).toBeUndefined()
  })
})
