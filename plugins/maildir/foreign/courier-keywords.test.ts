import { expect, it } from 'vitest'
import { parseCourierKeywordFile, parseCourierKeywordList, parseKeywordFileName } from './courier-keywords.ts'

const list = (text: string) => Object.fromEntries(parseCourierKeywordList(Buffer.from(text)))
const file = (text: string) => parseCourierKeywordFile(Buffer.from(text))

it('reads the list of all messages', () => {
  expect(list('Junk\nCustom\n$Forwarded\n\na,S=38:2\nb:1 0\nc:\n')).toEqual({
    'a,S=38': ['$Forwarded'],
    b: ['Custom', 'Junk'],
    c: [],
  })
  expect(list('')).toEqual({})
  expect(list('Junk\n')).toEqual({})
})

it('passes over what is wrong, and over a last line that may be cut off', () => {
  expect(list('Junk\ntwo words\nCustom\n\na:0 1 2 2 9 x -1 0\nno colon\n:0\n.hidden:0\nb:2\nc:1')).toEqual({
    a: ['Junk', 'Custom'],
    b: ['Custom'],
  })
  const long = `${'0 '.repeat(50_000)}\n`
  expect(list(`Junk\n\na:${long}b:0\n`)).toEqual({ b: ['Junk'] })
})

it('keeps the places of keywords that it cannot use', () => {
  expect(list(`${'x'.repeat(100_000)}\n\\Seen\nCustom\n\na:0 1 2\n`)).toEqual({ a: ['Custom'] })
})

it('reads the file of one message', () => {
  expect(file('$Forwarded\nJunk\nJunk\n')).toEqual(['$Forwarded', 'Junk'])
  expect(file('')).toEqual([])
  expect(file('Junk\n\nOther\n')).toEqual(['Junk'])
  expect(file('Junk\n\\Seen\nCut')).toEqual(['Junk'])
})

it('tells files of messages by their names, the newest last', () => {
  expect(parseKeywordFileName('1795903182.M2P3.host,S=38')).toEqual({
    base: '1795903182.M2P3.host,S=38',
    age: Number.POSITIVE_INFINITY,
  })
  expect(parseKeywordFileName('.5986344.1795903182.M2P3.host,S=38')).toEqual({
    base: '1795903182.M2P3.host,S=38',
    age: 5_986_344,
  })
  for (const name of [
    ':list',
    '.tmp.1795903182.x',
    '.0.a',
    '.5.',
    '.5',
    '.',
    '',
    '.x.a',
    '.5..hidden',
    '\ufffd',
  ])
    expect(parseKeywordFileName(name)?.base ?? '', name).toBe('')
})
