import type { Pacer } from '../summary/pacer.ts'

/** One criterion of an order: whole numbers, less than 2^53 apart. */
export interface OrderKey {
  readonly values: Float64Array
  readonly reverse: boolean
}

const digitBits = 11
const digitCount = 2 ** digitBits
// Elements between two looks at the clock.
const atOnce = 0x8000

/**
 * Puts the places 0 to `count` - 1 in the order of the first key, where that is the same in that of the second, and so on;
 * where all are the same, as they are. Takes linear time, in turn with other work.
 */
export async function radixOrder(
  count: number,
  keys: readonly OrderKey[],
  pacer: Pacer,
): Promise<Uint32Array> {
  let order = new Uint32Array(count)
  for (let place = 0; place < count; place += 1) order[place] = place
  for (const key of keys.toReversed()) order = await ordered(order, key, pacer)
  return order
}

/** Orders by one key, from its last digit to the first; what has the same key stays in order. */
async function ordered(
  order: Uint32Array<ArrayBuffer>,
  { values, reverse }: OrderKey,
  pacer: Pacer,
): Promise<Uint32Array<ArrayBuffer>> {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    if (value < least) least = value
    if (value > most) most = value
  }
  const [origin, sign] = reverse ? [most, -1] : [least, 1]
  let from = order
  let to = new Uint32Array(order.length)
  for (let unit = 1; unit <= most - least; unit *= digitCount) {
    const digits = new Uint16Array(values.length)
    for (let index = 0; index < values.length; index += 1) {
      digits[index] = ((((values[index] ?? 0) - origin) * sign) / unit) & (digitCount - 1)
      if (index % atOnce === 0 && pacer.isDue) await pacer.rest()
    }
    await distribute(from, to, digits, pacer)
    ;[from, to] = [to, from]
  }
  return from
}

/** Sorts by one digit. */
async function distribute(
  from: Uint32Array,
  to: Uint32Array,
  digits: Uint16Array,
  pacer: Pacer,
): Promise<void> {
  const ends = new Uint32Array(digitCount)
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits[index] ?? 0
    ends[digit] = (ends[digit] ?? 0) + 1
  }
  let start = 0
  for (let digit = 0; digit < digitCount; digit += 1) {
    const count = ends[digit] ?? 0
    ends[digit] = start
    start += count
  }
  for (let index = 0; index < from.length; index += 1) {
    const place = from[index] ?? 0
    const digit = digits[place] ?? 0
    const at = ends[digit] ?? 0
    to[at] = place
    ends[digit] = at + 1
    if (index % atOnce === 0 && pacer.isDue) await pacer.rest()
  }
}
