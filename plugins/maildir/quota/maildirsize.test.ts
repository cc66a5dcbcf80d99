import { expect, it } from 'vitest'
import {
  formatMaildirSize,
  formatMaildirSizeEntry,
  isFresh,
  isOver,
  parseMaildirSize,
} from './maildirsize.ts'

const parse = (text: string) => parseMaildirSize(Buffer.from(text))
const none = { bytes: 0, messages: 0 }

it('adds up what programs wrote', () => {
  expect(parse('10000000S,1000C\n        2000            3\n-500 -1\n\t100\t1\n')).toEqual({
    limits: { bytes: 10_000_000, messages: 1000 },
    sums: { bytes: 1600, messages: 3 },
    entries: 3,
  })
  expect(parse('1000C\n0 0\n')).toEqual({ limits: { bytes: 0, messages: 1000 }, sums: none, entries: 1 })
  expect(parse('0S\n5 1\n')).toMatchObject({ limits: none, sums: { bytes: 5, messages: 1 } })
  expect(parse('\n5 1\n')).toMatchObject({ limits: none, sums: { bytes: 5, messages: 1 } })
  expect(parse('10C, 20S,30X\n5 1\n')).toMatchObject({ limits: { bytes: 20, messages: 10 } })
})

it('leaves out a line that is being written', () => {
  expect(parse('10S\n5 1\n  7')).toMatchObject({ sums: { bytes: 5, messages: 1 }, entries: 1 })
})

it('knows the limits where the sums cannot be trusted', () => {
  const untrusted = [
    '',
    '5\n',
    '5 x\n',
    '5 1 7 1\n',
    '5 1\n\n',
    '-5 1\n',
    '5 -1\n',
    '5 1\n-6 0\n',
    '\0\0 \n',
    '1e3 1\n',
  ]
  for (const lines of [...untrusted, '9999999999999999 1\n', '999999999999999 1\n'.repeat(10)])
    expect(parse(`1S\n${lines}`), lines).toMatchObject({ limits: { bytes: 1, messages: 0 }, sums: undefined })
})

it('does not add up a file that has grown too long', () => {
  const lines = (length: number) => `1S\n${'1 1\n'.repeat(2000)}`.slice(0, length)
  expect(parse(`${lines(5118)}\n`)).toMatchObject({
    limits: { bytes: 1, messages: 0 },
    sums: { bytes: 1279 },
  })
  expect(parse(lines(5120))).toMatchObject({ limits: { bytes: 1, messages: 0 }, sums: undefined })
})

it('takes other files for none', () => {
  for (const text of ['', '10S', 'x\n1 1\n', '10\n', '-10S\n', '10S;5C\n', `${'x'.repeat(6000)}\n`])
    expect(parse(text), text).toBeUndefined()
})

it('tells what is too much, and when that is to be believed', () => {
  const limits = { bytes: 100, messages: 3 }
  expect(isOver({ bytes: 100, messages: 3 }, limits)).toBe(false)
  expect(isOver({ bytes: 101, messages: 1 }, limits)).toBe(true)
  expect(isOver({ bytes: 1, messages: 4 }, limits)).toBe(true)
  expect(isOver({ bytes: 1e9, messages: 1e9 }, none)).toBe(false)
  const sizes = { limits, sums: none, entries: 1 }
  expect(isFresh(sizes, 1000, 900_999)).toBe(true)
  expect(isFresh(sizes, 1000, 901_000)).toBe(false)
  expect(isFresh({ ...sizes, entries: 2 }, 1000, 1000)).toBe(false)
})

it('writes what it reads', () => {
  expect(formatMaildirSizeEntry({ bytes: -1234, messages: -1 }).toString()).toBe('-1234 -1\n')
  expect(formatMaildirSize({ bytes: 10, messages: 20 }, none).toString()).toBe('10S,20C\n0 0\n')
  expect(formatMaildirSize({ bytes: 10, messages: 0 }, none, false).toString()).toBe('10S\n0 0\n0 0\n')
  for (const limits of [
    none,
    { bytes: 5, messages: 0 },
    { bytes: 0, messages: 6 },
    { bytes: 5, messages: 6 },
  ])
    expect(parseMaildirSize(formatMaildirSize(limits, { bytes: 1e12, messages: 1e6 }))).toEqual({
      limits,
      sums: { bytes: 1e12, messages: 1e6 },
      entries: 1,
    })
  expect(formatMaildirSize(none, none).toString()).toMatch(/^0S\n/)
})
