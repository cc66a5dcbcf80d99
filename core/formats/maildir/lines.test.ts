import { expect, it } from 'vitest'
import { allLines, endedLines, isEnded, linesBehindFirst } from './lines.ts'

const lines = (text: string) => [...endedLines(Buffer.from(text))]

it('gives the lines that a LF ends', () => {
  expect(lines('')).toEqual([])
  expect(lines('a')).toEqual([])
  expect(lines('\n')).toEqual([''])
  expect(lines('a\n\nb\nc')).toEqual(['a', '', 'b'])
  expect([...linesBehindFirst(Buffer.from('a\nb\n'))]).toEqual(['b'])
  expect([...linesBehindFirst(Buffer.from(''))]).toEqual([])
})

it('gives what stands behind the last LF to those who want it', () => {
  const all = (text: string) => [...allLines(Buffer.from(text))]
  expect(all('')).toEqual([])
  expect(all('a\n')).toEqual(['a'])
  expect(all('a\nb')).toEqual(['a', 'b'])
  expect(all('b')).toEqual(['b'])
})

it('knows whether the last line is ended', () => {
  expect(isEnded(Buffer.from('a\n'))).toBe(true)
  expect(isEnded(Buffer.from('a\nb'))).toBe(false)
  expect(isEnded(Buffer.alloc(0))).toBe(false)
})

it('does not hand out lines that no server writes', () => {
  const long = 'x'.repeat(65_536)
  expect(lines(`${long}\n${long}x\nb\n`)).toEqual([long, undefined, 'b'])
})

it('decodes UTF-8, and marks what is none', () => {
  expect([...endedLines(Buffer.from('Entwürfe\n\xff\n', 'latin1'))]).toEqual(['Entw\ufffdrfe', '\ufffd'])
  expect(lines('Entwürfe\n')).toEqual(['Entwürfe'])
})
