import { expect, it } from 'vitest'
import { parseCourierUidDatabase } from './courier-uiddb.ts'

const parse = (text: string) => parseCourierUidDatabase(Buffer.from(text))
const uidsOf = (text: string) => Object.fromEntries(parse(text)?.uids ?? [])

it('reads what Courier writes', () => {
  expect(parse('1 795903182 5\n2 1795903182.M2P3.host,S=38\n3 b with spaces\n')).toEqual({
    uidValidity: 795_903_182,
    uidNext: 5,
    uids: new Map([
      ['1795903182.M2P3.host,S=38', 2],
      ['b with spaces', 3],
    ]),
  })
  expect(parse('1 7 1\n')).toEqual({ uidValidity: 7, uidNext: 1, uids: new Map() })
})

it('passes over lines that are none', () => {
  const wrong = [
    '',
    'x',
    '1',
    'x y',
    '0 zero',
    '4294967296 high',
    '-1 below',
    '5 .hidden',
    `6 ${'x'.repeat(70_000)}`,
  ]
  expect(uidsOf(`1 7 9\n1 a\n${wrong.join('\n')}\n8 b\n`)).toEqual({ a: 1, b: 8 })
})

it('leaves out a name that has two UIDs', () => {
  expect(uidsOf('1 7 9\n1 a\n2 b\n3 a\n')).toEqual({ b: 2 })
})

it.each([
  ['a UID again', '1 7 9\n1 a\n1 b\n'],
  ['a UID again, of a name that is none', '1 7 9\n1 .a\n1 b\n'],
  ['a UID that is the next one', '1 7 2\n2 a\n'],
  ['a UID above the next one', '1 7 2\n1 a\n3 b\n'],
  ['the header of a later Dovecot', '3 V7 N2\n1 :a\n'],
  ['no header', '1 a\n2 b\n'],
  ['a UIDVALIDITY beyond 32 bits', '1 18446744073709551615 2\n'],
  ['nothing', ''],
  ['NUL octets', '\0\0\0\0\n'],
])('trusts nothing in a list with %s', (_, text) => {
  expect(parse(text)).toBeUndefined()
})

it('gives no wrong UID when cut off, and never one again', () => {
  const octets = Buffer.from('1 7 300\n1 aa\n23 bb\n299 cc\n')
  for (let end = 0; end < octets.length; end++) {
    const database = parseCourierUidDatabase(octets.subarray(0, end))
    expect(database?.uidNext, `cut at ${end}`).toBe(end < 8 ? undefined : 300)
    expect({ aa: 1, bb: 23, cc: 299 }).toMatchObject(Object.fromEntries(database?.uids ?? []))
  }
})

it('reads very many lines', () => {
  const lines = Array.from({ length: 200_000 }, (_, index) => `${index + 1} ${index}.host,S=98\n`)
  expect(parse(`1 7 200001\n${lines.join('')}`)?.uids.get('199999.host,S=98')).toBe(200_000)
})
