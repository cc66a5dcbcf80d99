import type { Pacer } from '../summary/pacer.ts'
import { nobody } from './parent-links.ts'

/** Nodes with their depths in threads: parents before their children, siblings in order. */
export interface Forest {
  readonly nodes: Uint32Array
  readonly depths: Uint32Array
}

/** What threads begin with. */
export interface Roots {
  /** By sent date, where a dummy counts as its first child. */
  readonly nodes: readonly number[]
  /** Of each dummy the child that was sent first. */
  readonly firstOf: ReadonlyMap<number, number>
}

// Nodes between two looks at the clock.
const atOnce = 0x1000

/**
 * Messages and their parents while they are made threads. Nodes from 0 on are the messages, in the order of the mailbox;
 * behind them are dummies, which have no parent themselves.
 */
export class Family {
  /** The parent of each message: a message, a dummy, or `nobody`. */
  readonly parents: Int32Array
  /** The messages by sent date. */
  readonly #order: Uint32Array
  readonly #pacer: Pacer
  #nodes: number

  constructor(parents: Int32Array, nodes: number, order: Uint32Array, pacer: Pacer) {
    this.parents = parents
    this.#nodes = nodes
    this.#order = order
    this.#pacer = pacer
  }

  isDummy(node: number): boolean {
    return node >= this.parents.length
  }

  addDummy(): number {
    this.#nodes += 1
    return this.#nodes - 1
  }

  async roots(): Promise<Roots> {
    const nodes: number[] = []
    const firstOf = new Map<number, number>()
    await this.each((message) => {
      const parent = this.parents[message] ?? nobody
      if (parent === nobody) nodes.push(message)
      if (!this.isDummy(parent) || firstOf.has(parent)) return
      nodes.push(parent)
      firstOf.set(parent, message)
    })
    return { nodes, firstOf }
  }

  /** The threads that begin with these roots, in their order, with siblings by sent date (RFC 5256 §3, step 6). */
  async forest(roots: readonly number[]): Promise<Forest> {
    const { starts, children } = await this.#children()
    const total = roots.reduce((count, root) => count + (this.isDummy(root) ? 1 : 0), this.parents.length)
    const nodes = new Uint32Array(total)
    const depths = new Uint32Array(total)
    // Without recursion, as a chain of replies may be as long as the mailbox. What waits stands at the end, last first.
    let done = 0
    for (const root of roots) {
      const waiting = [root]
      const levels = [0]
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        const depth = levels.pop() ?? 0
        nodes[done] = node
        depths[done] = depth
        done += 1
        for (let at = (starts[node + 1] ?? 0) - 1; at >= (starts[node] ?? 0); at -= 1) {
          waiting.push(children[at] ?? 0)
          levels.push(depth + 1)
        }
        if (done % atOnce === 0 && this.#pacer.isDue) await this.#pacer.rest()
      }
    }
    return { nodes, depths }
  }

  /** Visits the messages by sent date, in turn with other work. */
  each(visit: (message: number) => void): Promise<void> {
    return this.visit(this.#order, visit)
  }

  /** Visits nodes in turn with other work. */
  async visit(nodes: ArrayLike<number>, visit: (node: number) => void): Promise<void> {
    for (let index = 0; index < nodes.length; index += 1) {
      visit(nodes[index] ?? 0)
      if (index % atOnce === 0 && this.#pacer.isDue) await this.#pacer.rest()
    }
  }

  /** The children of all nodes behind each other, by sent date, and where those of each node begin. */
  async #children(): Promise<{ readonly starts: Uint32Array; readonly children: Uint32Array }> {
    const starts = new Uint32Array(this.#nodes + 1)
    await this.each((message) => {
      const parent = this.parents[message] ?? nobody
      if (parent !== nobody) starts[parent + 1] = (starts[parent + 1] ?? 0) + 1
    })
    for (let node = 0; node < this.#nodes; node += 1)
      starts[node + 1] = (starts[node + 1] ?? 0) + (starts[node] ?? 0)
    const next = starts.slice()
    const children = new Uint32Array(starts[this.#nodes] ?? 0)
    await this.each((message) => {
      const parent = this.parents[message] ?? nobody
      if (parent === nobody) return
      const at = next[parent] ?? 0
      children[at] = message
      next[parent] = at + 1
    })
    return { starts, children }
  }
}
