import { describe, expect, test } from 'vitest'
import { countRecords, decodeRecord, encodeRecord, recordSize } from './record.ts'

const run = '0123456789abcdef'
const three = Buffer.concat([1, 2, 3].map((number) => encodeRecord(number, run)))

describe('records', () => {
  test('have one size, and come back', () => {
    for (const number of [1, 50, 9_999_999_999]) {
      const record = encodeRecord(number, run)
      expect(record.length).toBe(recordSize)
      expect(decodeRecord(record, run)).toBe(number)
    }
  })

  test('of another run, and halves, are none', () => {
    const record = encodeRecord(7, run)
    expect(decodeRecord(record, 'fedcba9876543210')).toBeUndefined()
    for (let size = 0; size < recordSize; size++)
      expect(decodeRecord(record.subarray(0, size), run)).toBeUndefined()
  })

  test('with any octet changed are none', () => {
    for (let at = 0; at < recordSize - 1; at++) {
      const record = encodeRecord(123_456, run)
      record[at] = record[at] === 0x21 ? 0x22 : 0x21
      expect(decodeRecord(record, run)).toBeUndefined()
    }
  })

  test('are counted up to the first that is not there', () => {
    expect(countRecords(three, run)).toBe(3)
    expect(countRecords(three.subarray(0, -1), run)).toBe(2)
    expect(countRecords(Buffer.alloc(0), run)).toBe(0)
    const hole = Buffer.from(three)
    hole.fill(0, recordSize, recordSize * 2)
    expect(countRecords(hole, run)).toBe(1)
    expect(countRecords(three.subarray(recordSize), run)).toBe(0)
  })
})
