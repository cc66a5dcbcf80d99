import { describe, expect, it } from 'vitest'
import { noSlot, UidSlots } from './uid-slots.ts'

describe('UidSlots', () => {
  it('gives each UID one slot, in the order in which they are met', () => {
    const slots = new UidSlots()
    expect([...slots.add([5, 9])]).toEqual([0, 1])
    expect([...slots.add([1, 5, 7, 9, 4_294_967_295])]).toEqual([2, 0, 3, 1, 4])
    expect([...slots.add([])]).toEqual([])
    expect([...slots.find([1, 2, 5, 7, 9, 10, 4_294_967_295])]).toEqual([2, noSlot, 0, 3, 1, noSlot, 4])
    expect(slots.size).toBe(5)
  })

  it('answers as a map does, however UIDs are added and asked for', () => {
    const slots = new UidSlots()
    const known = new Map<number, number>()
    for (let round = 1; round < 60; round += 1) {
      const step = ((round * 7919) % 97) + 1
      const some = Array.from({ length: (round * 31) % 200 }, (_, index) => 1 + index * step + (round % 13))
      const given = slots.add(some)
      for (const [index, uid] of some.entries()) {
        if (!known.has(uid)) known.set(uid, known.size)
        if (given[index] !== known.get(uid)) expect([uid, given[index]]).toEqual([uid, known.get(uid)])
      }
      const few = [3, 700, 5_000, 1_000_000]
      expect([...slots.find(few)]).toEqual(few.map((uid) => known.get(uid) ?? noSlot))
    }
    const all = [...known.keys()].sort((a, b) => a - b)
    expect([...slots.find(all)]).toEqual(all.map((uid) => known.get(uid)))
    expect(slots.size).toBe(known.size)
    expect(slots.bytes).toBeGreaterThanOrEqual(known.size * 8)
  })
})
