import { nobody } from './parent-links.ts'

/**
 * Step 3 of REFERENCES (RFC 5256 §3): the parents of the messages alone, where only dummies that begin a thread and have
 * several children are left. `parents` has those of all nodes, the first `messages` of which are messages, and is used up.
 */
export function pruneDummies(parents: Int32Array, messages: number): Int32Array {
  const pruned = new Int32Array(messages).fill(nobody)
  const childCounts = new Uint32Array(parents.length)
  for (let message = 0; message < messages; message += 1) {
    const parent = standingAncestor(parents, parents[message] ?? nobody, messages)
    pruned[message] = parent
    if (parent !== nobody) childCounts[parent] = (childCounts[parent] ?? 0) + 1
  }
  for (let message = 0; message < messages; message += 1) {
    const parent = pruned[message] ?? nobody
    if (parent >= messages && childCounts[parent] === 1) pruned[message] = nobody
  }
  return pruned
}

/** The node itself or its nearest ancestor that is a message; where there is none, the dummy that begins the thread. */
function standingAncestor(parents: Int32Array, node: number, messages: number): number {
  let standing = node
  while (standing >= messages && parents[standing] !== nobody) standing = parents[standing] ?? nobody
  // Dummies on the way lead there at once from now on.
  for (let at = node; at >= messages && at !== standing; ) {
    const next = parents[at] ?? nobody
    parents[at] = standing
    at = next
  }
  return standing
}
