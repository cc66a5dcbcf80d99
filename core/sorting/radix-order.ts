import type { Pacer } from '../summary/pacer.ts'

/** One criterion of an order: whole numbers, less than 2^53 apart. */
export interface OrderKey {
  readonly values: Float64Array
  readonly reverse: boolean
}

const digitBits = 11
const digitCount = 2 ** digitBits
const half = 2 ** 32
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
  let order: Uint32Array = new Uint32Array(count)
  for (let place = 0; place < count; place += 1) order[place] = place
  // What has the same key stays in order, so that the last key comes first.
  for (const key of keys.toReversed()) order = await ordered(order, key, pacer)
  return order
}

/** Orders by one key, as numbers from 0: the lower 32 bits, then the rest. */
async function ordered(
  order: Uint32Array,
  { values, reverse }: OrderKey,
  pacer: Pacer,
): Promise<Uint32Array> {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0
    if (value < least) least = value
    if (value > most) most = value
  }
  const range = most - least
  const [origin, sign] = reverse ? [most, -1] : [least, 1]
  const bits = new Uint32Array(values.length)
  for (let index = 0; index < values.length; index += 1) bits[index] = ((values[index] ?? 0) - origin) * sign
  const byLower = await orderedByBits(order, bits, Math.min(range, half - 1), pacer)
  if (range < half) return byLower
  for (let index = 0; index < values.length; index += 1)
    bits[index] = (((values[index] ?? 0) - origin) * sign) / half
  return orderedByBits(byLower, bits, Math.floor(range / half), pacer)
}

/** Orders by 32 bits, from the last digit to the first. */
async function orderedByBits(
  order: Uint32Array,
  bits: Uint32Array,
  most: number,
  pacer: Pacer,
): Promise<Uint32Array> {
  let from = order
  let to: Uint32Array = new Uint32Array(order.length)
  for (let shift = 0; shift < 32 && most >>> shift > 0; shift += digitBits) {
    const ends = digitStarts(bits, shift)
    for (let index = 0; index < from.length; index += 1) {
      const place = from[index] ?? 0
      const digit = ((bits[place] ?? 0) >>> shift) & (digitCount - 1)
      const at = ends[digit] ?? 0
      to[at] = place
      ends[digit] = at + 1
      if (index % atOnce === 0 && pacer.isDue) await pacer.rest()
    }
    ;[from, to] = [to, from]
  }
  return from
}

/** For each value of a digit, before how many elements it stands. */
function digitStarts(bits: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(digitCount)
  for (let index = 0; index < bits.length; index += 1) {
    const digit = ((bits[index] ?? 0) >>> shift) & (digitCount - 1)
    starts[digit] = (starts[digit] ?? 0) + 1
  }
  let start = 0
  for (let digit = 0; digit < digitCount; digit += 1) {
    const count = starts[digit] ?? 0
    starts[digit] = start
    start += count
  }
  return starts
}
