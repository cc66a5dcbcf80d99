import { expect, it } from 'vitest'
import {
  newestCourierKeywordFiles,
  parseCourierKeywordFile,
  parseCourierKeywordList,
} from './courier-keywords.ts'

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

it('finds the file that counts for each message: the newest', () => {
  const message = '1795903182.M2P3.host,S=38'
  const newest = (...names: readonly string[]) => [...newestCourierKeywordFiles(names)]
  expect(newest(`.5986344.${message}`, `.5986346.${message}`, `.5986345.${message}`, '.5.b', 'c')).toEqual([
    [message, `.5986346.${message}`],
    ['b', '.5.b'],
    ['c', 'c'],
  ])
  expect(newest(message, `.5986344.${message}`)).toEqual([[message, message]])
  expect(newest(`.5986344.${message}`, message)).toEqual([[message, message]])
})

it.each([':list', '.tmp.1795903182.x', '.0.a', '.5.', '.5', '.', '', '.x.a', '.5..hidden', '\ufffd'])(
  'takes %j for no file of a message',
  (name) => {
    expect([...newestCourierKeywordFiles([name])]).toEqual([])
  },
)
