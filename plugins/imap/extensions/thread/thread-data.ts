import type { Threads } from 'mailwright/search'

// Messages whose text is made at once.
const atOnce = 4_096

/**
 * The lists of a THREAD response (RFC 5256 §5, thread-list), piece by piece. `numbers` are those of the messages of the
 * threads, in their order. However deep threads are, nothing is nested here.
 */
export function* threadLists({ uids, depths }: Threads, numbers: ArrayLike<number>): Generator<string> {
  const childCounts = countChildren(depths)
  yield ''
  /** The depths at which a list is open. */
  const open: number[] = []
  /** The node at each depth of the branch that is being written. */
  const branch: number[] = []
  let text = ''
  for (let node = 0; node < uids.length; node += 1) {
    const depth = depths[node] ?? 0
    while ((open.at(-1) ?? -1) >= depth) {
      open.pop()
      text += ')'
    }
    branch.length = depth
    const parent = branch.at(-1)
    const siblings = parent === undefined ? 0 : (childCounts[parent] ?? 0)
    const isFirst = parent === node - 1 && uids[parent] !== 0
    branch.push(node)
    if (siblings === 1) text += ' '
    else {
      // The lists of several children stand behind the parent's number, where it has one.
      text += siblings > 1 && isFirst ? ' (' : '('
      open.push(depth)
    }
    if (uids[node] !== 0) text += numbers[node]
    if (node % atOnce === atOnce - 1) {
      yield text
      text = ''
    }
  }
  yield text + ')'.repeat(open.length)
}

function countChildren(depths: Uint32Array): Uint32Array {
  const counts = new Uint32Array(depths.length)
  const branch: number[] = []
  for (let node = 0; node < depths.length; node += 1) {
    branch.length = depths[node] ?? 0
    const parent = branch.at(-1)
    if (parent !== undefined) counts[parent] = (counts[parent] ?? 0) + 1
    branch.push(node)
  }
  return counts
}
