import { expect, it } from 'vitest'
import { OctetReader } from './octet-reader.ts'
import { OctetWriter } from './octet-writer.ts'

const numbers = [
  0,
  1,
  127,
  128,
  300,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40 + 5,
  Number.MAX_SAFE_INTEGER,
]

it('reads what was written, larger than any first guess', () => {
  const writer = new OctetWriter()
  for (const number of numbers) writer.number(number)
  writer.text('\xe9\xff', 'latin1')
  writer.text('\u20ac\u{1f600}', 'utf8')
  writer.number(10_000)
  writer.append(Buffer.alloc(10_000, 7))
  writer.append(Buffer.from('the end.'), 4, 7)
  const reader = new OctetReader(writer.written, 0)
  expect(numbers.map(() => reader.number())).toEqual(numbers)
  expect([reader.text('latin1'), reader.text('utf8')]).toEqual(['\xe9\xff', '\u20ac\u{1f600}'])
  const start = reader.skip()
  expect(writer.written.subarray(start, reader.position)).toEqual(Buffer.alloc(10_000, 7))
  expect(writer.written.toString('latin1', reader.position)).toBe('end')
  expect(reader.isWhole).toBe(true)
})

it('is used again, small or large', () => {
  const writer = new OctetWriter()
  for (const size of [10, 100_000, 5]) {
    writer.reset()
    writer.append(Buffer.alloc(size, size % 251))
    expect(writer.written).toEqual(Buffer.alloc(size, size % 251))
  }
})

it.each([
  ['nothing', []],
  ['a number without its end', [0x80]],
  ['a number that is too large', [...new Array(8).fill(0xff), 1]],
  ['a number of many octets', new Array(2_000).fill(0x80)],
])('answers 0 and says so where there is %s', (_, octets) => {
  const reader = new OctetReader(Buffer.from(octets), 0)
  expect([reader.number(), reader.isWhole, reader.number(), reader.text('utf8')]).toEqual([0, false, 0, ''])
})

it('answers an empty text where it is cut', () => {
  const writer = new OctetWriter()
  writer.text('text', 'utf8')
  const reader = new OctetReader(writer.written.subarray(0, 3), 0)
  expect([reader.text('utf8'), reader.isWhole]).toEqual(['', false])
})
