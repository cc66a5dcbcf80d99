import { type OrderKey, radixOrder } from '../sorting/radix-order.ts'
import type { Pacer } from '../summary/pacer.ts'
import type { Forest } from './family.ts'

/**
 * Puts threads in the order of their latest messages, the earliest of these first; where two were sent at once, in that of
 * the messages that the threads begin with. `dates` are of the messages, which are the first nodes.
 */
export async function byLatest(
  { nodes, depths }: Forest,
  dates: Float64Array,
  pacer: Pacer,
): Promise<Forest> {
  const starts: number[] = []
  for (let at = 0; at < depths.length; at += 1) if (depths[at] === 0) starts.push(at)
  const latest = new Float64Array(starts.length)
  const beginnings = new Float64Array(starts.length)
  for (let thread = 0; thread < starts.length; thread += 1) {
    const start = starts[thread] ?? 0
    const isDummy = (nodes[start] ?? 0) >= dates.length
    beginnings[thread] = nodes[isDummy ? start + 1 : start] ?? 0
    latest[thread] = Number.NEGATIVE_INFINITY
    for (let at = isDummy ? start + 1 : start; at < (starts[thread + 1] ?? nodes.length); at += 1)
      latest[thread] = Math.max(latest[thread] ?? 0, dates[nodes[at] ?? 0] ?? 0)
    if (thread % 1_024 === 0 && pacer.isDue) await pacer.rest()
  }
  const keys: readonly OrderKey[] = [latest, beginnings].map((values) => ({ values, reverse: false }))
  const order = await radixOrder(starts.length, keys, pacer)
  const sorted = { nodes: new Uint32Array(nodes.length), depths: new Uint32Array(nodes.length) }
  let done = 0
  for (const thread of order) {
    const [start, end] = [starts[thread] ?? 0, starts[thread + 1] ?? nodes.length]
    sorted.nodes.set(nodes.subarray(start, end), done)
    sorted.depths.set(depths.subarray(start, end), done)
    done += end - start
  }
  return sorted
}
