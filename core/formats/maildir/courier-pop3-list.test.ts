import { expect, it } from 'vitest'
import { parseCourierPop3List } from './courier-pop3-list.ts'

const parse = (text: string) => {
  const uidls = parseCourierPop3List(Buffer.from(text))
  return uidls && Object.fromEntries(uidls)
}

it('reads what Courier writes', () => {
  expect(parse('/3 5 1795903182\na,S=38:2,S 42 1:1795903182:0\nb with spaces 42 2:1700000000:1\n')).toEqual({
    'a,S=38': 'UID1-1795903182',
    'b with spaces': 'UID2-1700000000',
  })
  expect(parse('/2 5 1795903182\na 42 1:1795903182\n')).toEqual({ a: 'UID1-1795903182' })
  expect(parse('/2 5\n')).toEqual({})
})

it('knows the UIDLs of messages that were numbered by earlier forms', () => {
  expect(parse('/3 5 7\na 42 9:0:0\nb+"ü\' 42 0:0:0\n')).toEqual({ a: 'UID9', 'b+"ü\'': 'b+2B+22+C3+BC+27' })
})

it('passes over lines that are none', () => {
  const wrong = [
    '',
    'a',
    'a 42',
    'a 42 1',
    'a 42 1:',
    'a x 1:7:0',
    ' 42 1:7:0',
    '.a 42 1:7:0',
    'a 42 1:7:0:0',
  ]
  const long = `${'1 '.repeat(40_000)}\n`
  expect(parse(`/3 5 7\n${wrong.join('\n')}\n${long}b 42 2:7:0\nc 42 3:7:0`)).toEqual({ b: 'UID2-7' })
})

it('does not guess at other versions', () => {
  for (const text of ['', '/3 5 7', '/1 5\na 42 1\n', '/4 5 7\na 42 1:7:0\n', 'a 42\n', '/3\n', '\0\n'])
    expect(parse(text), text).toBeUndefined()
})
