import { describe, expect, it } from 'vitest'
import { haveArrived, UnsyncedArrivals } from './unsynced-arrivals.ts'

describe('arrivals that are not synced', () => {
  it('are all that is left to do where the index names no other', () => {
    const unsynced = new UnsyncedArrivals()
    expect(unsynced.areAll({ arriving: [], leaving: [] })).toBe(true)
    unsynced.add(['a:2,', 'b:2,S'])
    expect(unsynced.areAll({ arriving: ['b:2,S', 'a:2,'], leaving: [] })).toBe(true)
    expect(unsynced.areAll({ arriving: ['a:2,', 'c:2,'], leaving: [] })).toBe(false)
    expect(unsynced.areAll({ arriving: ['a:2,'], leaving: ['x'] })).toBe(false)
    expect(unsynced.size).toBe(2)
    unsynced.forget()
    expect(unsynced.areAll({ arriving: ['a:2,'], leaving: [] })).toBe(false)
  })

  it.each([
    ['nothing is in tmp', ['a:2,'], [], true],
    ['others are in tmp', ['a:2,S'], ['b', 'a:2,S'], true],
    ['one is in tmp', ['a:2,S', 'b:2,'], ['x', 'b'], false],
    ['nothing arrives', [], ['a'], true],
  ])('have arrived where %s', (_, arriving, inTmp, expected) => {
    expect(haveArrived(arriving, inTmp)).toBe(expected)
  })
})
