import type { IdentifierRows } from '../facts/identifier-column.ts'
import type { Pacer } from '../summary/pacer.ts'
import { nobody, ParentLinks } from './parent-links.ts'

// Messages between two looks at the clock: each may name a thousand others.
const atOnce = 64

/**
 * Steps 1 and 2 of REFERENCES (RFC 5256 §3): the parent of each message by what it and others refer to. Nodes are the
 * messages, in the order of the mailbox, and behind them messages that others only refer to. In turn with other work.
 */
export async function linkMessages(identifiers: IdentifierRows, pacer: Pacer): Promise<Int32Array> {
  const { nodes, count } = await nodesOf(identifiers, pacer)
  const links = new ParentLinks(count)
  const { starts, lengths, items } = identifiers
  for (let message = 0; message < starts.length; message += 1) {
    const first = (starts[message] ?? 0) + 1
    const end = first + (lengths[message] ?? 1) - 1
    let parent = nobody
    for (let at = first; at < end; at += 1) {
      const node = nodes[items[at] ?? 0] ?? nobody
      if (parent !== nobody && links.parents[node] === nobody) links.link(parent, node)
      parent = node
    }
    if (links.parents[message] !== parent) links.unlink(message)
    if (parent !== nobody && links.parents[message] === nobody) links.link(parent, message)
    if (message % atOnce === 0 && pacer.isDue) await pacer.rest()
  }
  return links.parents
}

/** The node of each identifier, and how many nodes there are. */
async function nodesOf(
  { starts, lengths, items, size }: IdentifierRows,
  pacer: Pacer,
): Promise<{ readonly nodes: Int32Array; readonly count: number }> {
  const nodes = new Int32Array(size).fill(nobody)
  for (let message = 0; message < starts.length; message += 1) {
    const own = items[starts[message] ?? 0] ?? 0
    // The first message of an id has it. Others, and those without (number 0), have a node that nobody can refer to.
    if (own !== 0 && nodes[own] === nobody) nodes[own] = message
  }
  let count = starts.length
  for (let message = 0; message < starts.length; message += 1) {
    const first = (starts[message] ?? 0) + 1
    const end = first + (lengths[message] ?? 1) - 1
    for (let at = first; at < end; at += 1) {
      const identifier = items[at] ?? 0
      if (nodes[identifier] !== nobody) continue
      nodes[identifier] = count
      count += 1
    }
    if (message % atOnce === 0 && pacer.isDue) await pacer.rest()
  }
  return { nodes, count }
}
