import { describe, expect, it } from 'vitest'
import { Pacer } from '../summary/pacer.ts'
import { type OrderKey, radixOrder } from './radix-order.ts'

function key(values: readonly number[], reverse = false): OrderKey {
  return { values: Float64Array.from(values), reverse }
}

async function expectOrder(keys: readonly OrderKey[], count: number): Promise<void> {
  const compare = (a: number, b: number): number => {
    for (const { values, reverse } of keys) {
      const difference = (values[a] ?? 0) - (values[b] ?? 0)
      if (difference !== 0) return reverse ? -difference : difference
    }
    return a - b
  }
  const order = await radixOrder(count, keys, new Pacer())
  expect([...order]).toEqual(Array.from({ length: count }, (_, place) => place).sort(compare))
}

describe('radixOrder', () => {
  it('keeps the order where there is no key, or all are the same', async () => {
    await expectOrder([], 5)
    await expectOrder([key([7, 7, 7])], 3)
    await expectOrder([key([7, 7, 7], true)], 3)
    await expectOrder([key([])], 0)
  })

  it.each([1, 2_047, 2_048, 2 ** 22, 2 ** 32, 2 ** 33 + 5, 2 ** 52])(
    'orders numbers up to %i, of any sign',
    async (span) => {
      const values = Array.from({ length: 3_000 }, (_, index) =>
        Math.floor(((Math.imul(index, 2_654_435_761) >>> 0) / 2 ** 32) * span * 2 - span),
      )
      values.push(-span, span, 0, span - 1, -span + 1)
      await expectOrder([key(values)], values.length)
      await expectOrder([key(values, true)], values.length)
    },
  )

  it('orders by the first key first, each in its direction', async () => {
    const digits = (base: number, step: number): readonly number[] =>
      Array.from({ length: 2_000 }, (_, index) => Math.floor((index * step) % base))
    for (const reverse of [false, true])
      await expectOrder(
        [key(digits(7, 3), reverse), key(digits(5_000, 13), !reverse), key(digits(3, 1), reverse)],
        2_000,
      )
  })
})
