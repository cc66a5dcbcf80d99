import { describe, expect, test } from 'vitest'
import { idTime, newId } from './id.ts'

describe('newId', () => {
  test('sorts by time, and differs within a millisecond', () => {
    const times = [0, 1, 31, 32, 1_000, 1_700_000_000_000, 1_700_000_000_001, 32 ** 9 - 1]
    const ids = times.map(newId)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(Array.from({ length: 10_000 }, () => newId(5))).size).toBe(10_000)
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{17}$/)
  })

  test('gives back its time', () => {
    for (const time of [0, 1, 1_700_000_000_123]) expect(idTime(newId(time))).toBe(time)
    expect(idTime(newId(1_000.7))).toBe(1_000)
  })

  test.each([
    '',
    'x',
    '0'.repeat(16),
    '0'.repeat(18),
    `${'0'.repeat(16)}u`,
    `${'0'.repeat(16)}O`,
    '😀'.repeat(17),
    '../../../etc/pass',
  ])('%j is no id', (text) => {
    expect(idTime(text)).toBeUndefined()
  })
})
