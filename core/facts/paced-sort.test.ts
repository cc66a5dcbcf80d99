import { describe, expect, it } from 'vitest'
import { Pacer } from '../summary/pacer.ts'
import { pacedSort } from './paced-sort.ts'

describe('pacedSort', () => {
  it.each([0, 1, 2, 511, 512, 513, 1_024, 1_025, 1_537, 10_000])(
    'sorts %i numbers, equal ones as they were',
    async (count) => {
      const numbers = Uint32Array.from({ length: count }, (_, index) => (index * 7_919) % 100_003)
      const before = numbers.slice()
      const compare = (a: number, b: number): number => (a % 100) - (b % 100)
      const sorted = await pacedSort(numbers, compare, new Pacer())
      expect([...sorted]).toEqual([...numbers].sort(compare))
      expect(numbers).toEqual(before)
    },
  )
})
