import { describe, expect, it } from 'vitest'
import { sortKey } from './sort-key.ts'

describe('sortKey', () => {
  it('is the octets of the mapped text', () => {
    expect(sortKey('Größe')).toBe('GRO\xcc\x88\xc3\x9fE')
    expect(sortKey('')).toBe('')
  })

  it('bounds long texts, and tells them apart all the same', () => {
    const long = 'a'.repeat(1_000_000)
    expect(sortKey(long).length).toBeLessThan(320)
    expect(sortKey(`${long}b`)).not.toBe(sortKey(`${long}c`))
    expect(sortKey(`${long}b`)).toBe(sortKey(`${long}b`))
    expect(sortKey(`b${long}`) > sortKey(`a${long}`)).toBe(true)
    expect(sortKey('\u0301\u0323'.repeat(500_000)).length).toBeLessThan(1_000)
  })
})
