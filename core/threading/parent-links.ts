/** No node: a parent that is not there. */
export const nobody = -1

// Steps up a tree that may be taken in all. Honest mail needs few, as trees that were cut apart are looked at only.
const patience = 2_000_000

/** Parents of nodes, which are numbered from 0. No node ever becomes its own ancestor. */
export class ParentLinks {
  readonly parents: Int32Array
  /** Nodes that are or were in one tree: each leads to one that stands for all. */
  readonly #groups: Int32Array
  /** For a node that stands for a group: whether a link in it was broken, so that it may be several trees. */
  readonly #isBroken: Uint8Array
  #patience = patience

  constructor(count: number) {
    this.parents = new Int32Array(count).fill(nobody)
    this.#groups = new Int32Array(count)
    for (let node = 0; node < count; node += 1) this.#groups[node] = node
    this.#isBroken = new Uint8Array(count)
  }

  /**
   * Makes one node the parent of another that has none, unless that would make a loop. Links that mail makes expensive to
   * check are not made either.
   */
  link(parent: number, child: number): void {
    const above = this.#groupOf(parent)
    const below = this.#groupOf(child)
    // A node without parent is the root of its tree. In one that was never broken everything is below it.
    if (above === below && (this.#isBroken[above] !== 1 || this.#isBelow(parent, child))) return
    this.parents[child] = parent
    this.#groups[below] = above
    this.#isBroken[above] = (this.#isBroken[above] ?? 0) | (this.#isBroken[below] ?? 0)
  }

  /** Takes a node's parent away. */
  unlink(child: number): void {
    if (this.parents[child] === nobody) return
    this.parents[child] = nobody
    this.#isBroken[this.#groupOf(child)] = 1
  }

  #groupOf(node: number): number {
    let group = node
    for (let next = this.#groups[group] ?? group; next !== group; next = this.#groups[group] ?? group) {
      // Shortens the way for the next time.
      this.#groups[group] = this.#groups[next] ?? next
      group = next
    }
    return group
  }

  #isBelow(node: number, ancestor: number): boolean {
    for (let at = node; at !== nobody; at = this.parents[at] ?? nobody) {
      if (at === ancestor || this.#patience === 0) return true
      this.#patience -= 1
    }
    return false
  }
}
