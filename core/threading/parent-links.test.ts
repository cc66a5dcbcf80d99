import { describe, expect, it } from 'vitest'
import { nobody, ParentLinks } from './parent-links.ts'

describe('ParentLinks', () => {
  it('makes no loop, of one node or of many', () => {
    const links = new ParentLinks(4)
    links.link(0, 0)
    links.link(0, 1)
    links.link(1, 2)
    links.link(2, 0)
    expect([...links.parents]).toEqual([nobody, 0, 1, nobody])
  })

  it('links trees anew that were one tree before', () => {
    const links = new ParentLinks(4)
    links.link(0, 1)
    links.link(1, 2)
    links.unlink(1)
    links.link(2, 0)
    expect([...links.parents]).toEqual([2, nobody, 1, nobody])
    links.link(0, 1)
    expect([...links.parents]).toEqual([2, nobody, 1, nobody])
  })

  it('is as if every way up was walked', () => {
    let state = 7
    const below = (end: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return (state >>> 8) % end
    }
    for (let round = 0; round < 300; round += 1) {
      const count = 2 + below(12)
      const links = new ParentLinks(count)
      const parents: number[] = Array.from({ length: count }, () => nobody)
      for (let step = 0; step < 40; step += 1) {
        const [parent, child] = [below(count), below(count)]
        if (below(4) === 0) {
          links.unlink(child)
          parents[child] = nobody
        } else if (parents[child] === nobody) {
          links.link(parent, child)
          let at = parent
          while (at !== nobody && at !== child) at = parents[at] ?? nobody
          if (at === nobody) parents[child] = parent
        }
        expect([...links.parents]).toEqual(parents)
      }
    }
  })

  it('ends soon where mail wants to make it walk for ever', () => {
    const count = 200_000
    const links = new ParentLinks(count)
    for (let node = 1; node < count; node += 1) links.link(node - 1, node)
    links.unlink(count - 1)
    links.link(count - 2, count - 1)
    // Each of these asks whether the end of the chain is below its beginning.
    for (let round = 0; round < 100_000; round += 1) links.link(count - 1, 0)
    expect([links.parents[0], links.parents[count - 1]]).toEqual([nobody, count - 2])
  })
})
