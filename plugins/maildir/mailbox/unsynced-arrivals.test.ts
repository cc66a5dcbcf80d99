import { describe, expect, it } from 'vitest'
import { UnsyncedArrivals } from './unsynced-arrivals.ts'

function unsyncedWith(inTmp: readonly string[]): UnsyncedArrivals {
  return new UnsyncedArrivals(
    async () => inTmp,
    () => undefined,
  )
}

describe('arrivals that are not synced', () => {
  it('are all that is left to do where the index names no other', () => {
    const unsynced = unsyncedWith([])
    expect(unsynced.areAll({ arriving: [], leaving: [] })).toBe(true)
    unsynced.add(['a:2,', 'b:2,S'])
    expect(unsynced.areAll({ arriving: ['b:2,S', 'a:2,'], leaving: [] })).toBe(true)
    expect(unsynced.areAll({ arriving: ['a:2,', 'c:2,'], leaving: [] })).toBe(false)
    expect(unsynced.areAll({ arriving: ['a:2,'], leaving: ['x'] })).toBe(false)
    unsynced.forget()
    expect(unsynced.areAll({ arriving: ['a:2,'], leaving: [] })).toBe(false)
  })

  it.each([
    ['nothing is in tmp', ['a:2,'], [], true],
    ['others are in tmp', ['a:2,S'], ['b', 'a:2,S'], true],
    ['one is in tmp', ['a:2,S', 'b:2,'], ['x', 'b'], false],
    ['nothing arrives', [], ['a'], true],
  ])('are noticed where %s', async (_, arriving, inTmp, expected) => {
    const unsynced = unsyncedWith(inTmp)
    expect(await unsynced.areSettled({ arriving, leaving: [] })).toBe(expected)
    expect(unsynced.areAll({ arriving, leaving: [] })).toBe(expected)
    expect(await unsynced.areSettled({ arriving, leaving: ['x:2,'] })).toBe(false)
  })

  it('are many above a thousand', () => {
    const unsynced = unsyncedWith([])
    unsynced.add(Array.from({ length: 1000 }, (_, number) => `${number}:2,`))
    expect(unsynced.areMany).toBe(false)
    unsynced.add(['another:2,'])
    expect(unsynced.areMany).toBe(true)
  })
})
