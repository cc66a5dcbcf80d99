import type { MessageEntry } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { viewChanges } from './view-changes.ts'

const date = new Date(0)

function entry(uid: number, modSequence: number = 1, ...flags: string[]): MessageEntry {
  return { uid, id: `m${uid}`, size: 1, flags, internalDate: date, savedDate: date, modSequence }
}

describe('viewChanges', () => {
  const [one, two, three] = [entry(1), entry(2), entry(3)]

  test('the same list has none', () => {
    const list = [one, two]
    expect(viewChanges(list, list, true)).toBeUndefined()
  })

  test('tells what is gone by numbers as they were, what is new and what has other flags', () => {
    const flagged = entry(3, 5, '\\Seen')
    const there = [two, flagged, entry(7)]
    expect(viewChanges([one, two, three, entry(5)], there, true)).toEqual({
      messages: there,
      vanished: [1, 5],
      vanishedNumbers: [1, 4],
      arrived: [entry(7)],
      flagged: [flagged],
      untold: 0,
    })
  })

  test('keeps what is gone where numbers must stand', () => {
    const changes = viewChanges([one, two], [two, three], false)
    expect(changes?.messages).toEqual([one, two, three])
    expect(changes?.vanished).toEqual([])
    expect(changes?.untold).toBe(1)
    expect(changes?.arrived).toEqual([three])
    // And tells it later.
    expect(viewChanges(changes?.messages ?? [], [two, three], true)?.vanishedNumbers).toEqual([1])
  })

  test('a mod-sequence alone is a change; an entry read anew is none', () => {
    expect(viewChanges([one], [entry(1)], true)?.flagged).toEqual([])
    expect(viewChanges([one], [entry(1, 2)], true)?.flagged).toEqual([entry(1, 2)])
  })

  test('what comes between messages that are known is not shown', () => {
    expect(viewChanges([one, three], [one, two, three], true)?.messages).toEqual([one, three])
    expect(viewChanges([one, three], [one, two, three, entry(4)], true)?.arrived).toEqual([entry(4)])
  })

  test('everything may go', () => {
    expect(viewChanges([one, two], [], true)?.vanishedNumbers).toEqual([1, 2])
    expect(viewChanges([], [one], true)?.arrived).toEqual([one])
  })
})
