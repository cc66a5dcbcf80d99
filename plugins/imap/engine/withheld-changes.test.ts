import type { MessageEntry } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { frozenMessages, nothingOwn, WithheldFlags } from './withheld-changes.ts'

const date = new Date(0)

function entry(uid: number, modSequence: number = 1, ...flags: string[]): MessageEntry {
  return { uid, id: `m${uid}`, size: 1, flags, internalDate: date, savedDate: date, modSequence }
}

describe('frozenMessages', () => {
  const known = [entry(2), entry(4), entry(6)]

  test('are the same ones with the flags of now', () => {
    const flagged = entry(4, 5, '\\Seen')
    const there = [entry(2), flagged, entry(6)]
    expect(frozenMessages(known, there, nothingOwn)).toEqual({ shown: there, isBehind: false })
    expect(frozenMessages(known, known, nothingOwn)).toEqual({ shown: known, isBehind: false })
  })

  test('stay where others remove some or put some in', () => {
    expect(frozenMessages(known, [entry(1), entry(4), entry(6)], nothingOwn)).toEqual({
      shown: known,
      isBehind: true,
    })
    expect(frozenMessages(known, [...known, entry(8)], nothingOwn)).toEqual({ shown: known, isBehind: true })
  })

  test('change by what the client does itself', () => {
    const there = [entry(2), entry(8), entry(9), entry(10)]
    const own = { removed: new Set([4]), lastArrived: 9 }
    expect(frozenMessages(known, there, own)).toEqual({
      shown: [entry(2), entry(6), entry(8), entry(9)],
      isBehind: true,
    })
  })
})

describe('WithheldFlags', () => {
  test('are withheld until they are asked for, as they are now', () => {
    const withheld = new WithheldFlags()
    withheld.withhold([entry(1, 5), entry(2, 6), entry(3, 7)])
    expect(withheld.answered([entry(1, 5), entry(2, 5)])).toEqual([entry(1, 5)])
    expect(withheld.answered([entry(1, 5)])).toEqual([])
    expect(withheld.areNone).toBe(false)
    withheld.answered([entry(2, 6)])
    withheld.forget([3])
    expect(withheld.areNone).toBe(true)
  })

  test('are told with what has changed once the client wants to hear of them', () => {
    const withheld = new WithheldFlags()
    expect(withheld.release([entry(1)], undefined)).toBeUndefined()
    withheld.withhold([entry(1, 5), entry(9, 5)])
    const messages = [entry(1, 5), entry(2)]
    expect(withheld.release(messages, undefined)).toMatchObject({
      messages,
      flagged: [entry(1, 5)],
      untold: 0,
    })
    expect(withheld.areNone).toBe(true)
  })
})
