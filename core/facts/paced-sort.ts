import type { Pacer } from '../summary/pacer.ts'

// Sorted at once, in about a millisecond.
const runLength = 512
// Steps between two looks at the clock.
const stepsAtOnce = 1_024

/**
 * Sorts numbers by a comparison, in turn with other work: however many they are, nothing waits for long. Equal ones stay
 * in their order. Answers an array of its own.
 */
export async function pacedSort(
  numbers: Uint32Array,
  compare: (a: number, b: number) => number,
  pacer: Pacer,
): Promise<Uint32Array> {
  let sorted = new Uint32Array(numbers.length)
  for (let start = 0; start < numbers.length; start += runLength) {
    sorted.set(Array.from(numbers.subarray(start, start + runLength)).sort(compare), start)
    if (pacer.isDue) await pacer.rest()
  }
  let merged = new Uint32Array(numbers.length)
  for (let length = runLength; length < numbers.length; length *= 2) {
    for (let start = 0; start < numbers.length; start += 2 * length)
      await merge(sorted, merged, { start, middle: start + length, end: start + 2 * length }, compare, pacer)
    const spent = sorted
    sorted = merged
    merged = spent
  }
  return sorted
}

/** Two sorted runs next to each other. */
interface Runs {
  readonly start: number
  readonly middle: number
  readonly end: number
}

async function merge(
  from: Uint32Array,
  to: Uint32Array,
  runs: Runs,
  compare: (a: number, b: number) => number,
  pacer: Pacer,
): Promise<void> {
  const middle = Math.min(runs.middle, from.length)
  const end = Math.min(runs.end, from.length)
  let left = runs.start
  let right = middle
  for (let at = runs.start; at < end; at += 1) {
    const takesLeft = right >= end || (left < middle && compare(from[left] ?? 0, from[right] ?? 0) <= 0)
    to[at] = (takesLeft ? from[left++] : from[right++]) ?? 0
    if (at % stepsAtOnce === 0 && pacer.isDue) await pacer.rest()
  }
}
