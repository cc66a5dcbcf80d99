import { describe, expect, it } from 'vitest'
import { addition, emptyTable } from '../../../test/support/stores/maildir-index.ts'
import type { IndexTable } from './index-table.ts'

/** A table with messages, each with a mod-sequence of its own. */
function tableOf(count: number): IndexTable {
  const table = emptyTable()
  for (let uid = 1; uid <= count; uid++) table.apply({ modSequence: uid + 1, added: [addition(uid)] })
  return table
}

const uids = (table: IndexTable): readonly number[] => table.records.map(({ entry: { uid } }) => uid)
const sequences = (table: IndexTable): readonly number[] =>
  table.entries.map(({ modSequence }) => modSequence)

describe('a change of the table', () => {
  it('has one list of keywords for neighbours that have the same', () => {
    const table = tableOf(3)
    table.apply({
      modSequence: 9,
      altered: [
        [1, 'cur/', ['a', 'b']],
        [2, 'cur/', ['a', 'b']],
        [3, 'cur/', ['a', 'c']],
      ],
    })
    const [first, second, third] = table.records.map(({ keywords }) => keywords)
    expect(second).toBe(first)
    expect(third).toEqual(['a', 'c'])
    expect(['A', 'B', 'C', 'D'].map((keyword) => table.spell(keyword))).toEqual(['a', 'b', 'c', 'D'])
    table.apply({ modSequence: 10, altered: [[1, 'cur/', ['d']]] })
    expect(table.spell('D')).toBe('d')
  })

  it('takes the mod-sequence of the change to those that it names, and to nobody else', () => {
    const table = tableOf(4)
    table.apply({ modSequence: 10, altered: [[2, 'cur/:2,FS', ['Junk']]], removed: [3] })
    expect(sequences(table)).toEqual([2, 10, 5])
    table.apply({ moved: [[1, 'new/']] })
    table.apply({ summaries: [[1, 5, 6]], signatures: [[4, 7, 8]] })
    table.apply({ uidNext: 9 })
    expect(sequences(table)).toEqual([2, 10, 5])
    expect(table.modSequence).toBe(10)
    expect(table.entries.map(({ flags }) => flags)).toEqual([[], ['Junk', '\\Flagged', '\\Seen'], ['\\Seen']])
    expect(table.byUid(1)?.summary).toEqual({ offset: 5, length: 6 })
    expect(table.byUid(4)?.signature).toEqual({ offset: 7, length: 8 })
  })

  it('may count for all messages, and changes nothing else of them', () => {
    const table = tableOf(3)
    table.apply({ summaries: [[2, 5, 6]] })
    const { entries } = table
    table.apply({ modSequence: 9, vanishedFloor: 9, renewed: true })
    expect(table.entries).toEqual(entries.map((entry) => ({ ...entry, modSequence: 9 })))
    expect(table.byBase(addition(2)[1])).toBe(table.byUid(2))
    expect(table.byUid(2)?.summary).toEqual({ offset: 5, length: 6 })
    expect([table.vanishedSince(8), table.vanishedSince(9)]).toEqual([undefined, []])
  })

  it('never takes anything back', () => {
    const table = tableOf(3)
    table.apply({ modSequence: 2, uidNext: 2, vanishedFloor: 0 })
    expect([table.modSequence, table.uidNext, table.vanishedFloor]).toEqual([4, 4, 1])
  })

  it('adds no UID that is not above those that are there', () => {
    const table = tableOf(3)
    table.apply({ modSequence: 9, added: [addition(3), addition(2), addition(7), addition(7), addition(6)] })
    expect(uids(table)).toEqual([1, 2, 3, 7])
    expect(table.uidNext).toBe(8)
    expect(table.byBase(addition(6)[1])).toBeUndefined()
  })

  it('passes over UIDs that are not there', () => {
    const table = tableOf(2)
    const entries = table.entries
    table.apply({ modSequence: 9, altered: [[7, 'cur/:2,', []]], removed: [8], moved: [[9, 'new/']] })
    expect(table.entries).toEqual(entries)
    expect(table.vanished).toEqual([])
  })

  it('may remove what it adds a name for: the old name is another message', () => {
    const table = tableOf(2)
    const [, base] = addition(1)
    table.apply({ modSequence: 9, removed: [1], added: [[3, base, 'cur/:2,', 1, 0, 0, []]] })
    expect(table.byBase(base)?.entry.uid).toBe(3)
    expect(table.vanishedSince(8)).toEqual([1])
  })

  it('keeps a list of what arrives and leaves until it is done', () => {
    const table = tableOf(1)
    table.apply({ arriving: ['a:2,'] })
    table.apply({ arriving: ['b:2,'], leaving: ['x', 'y'] })
    expect([table.arriving, table.leaving, table.isSettled]).toEqual([['a:2,', 'b:2,'], ['x', 'y'], false])
    table.apply({ arrived: true, left: ['x', 'z'] })
    expect([table.arriving, table.leaving, table.isSettled]).toEqual([[], ['y'], false])
    table.apply({ left: ['y'] })
    expect(table.isSettled).toBe(true)
  })

  it('changes no list that somebody holds, and makes no new one for what lists do not show', () => {
    const table = tableOf(3)
    const { entries, records } = table
    const copies = structuredClone([entries, records])
    table.apply({ summaries: [[2, 1, 2]] })
    expect(table.entries).toBe(entries)
    table.apply({ modSequence: 7, altered: [[1, 'cur/:2,', []]], removed: [2], added: [addition(8)] })
    expect([entries, records]).toEqual(copies)
  })
})

describe('what is looked up', () => {
  it('is found by UID and by name, after every change', () => {
    const table = tableOf(50)
    expect(table.byBase(addition(7)[1])?.entry.uid).toBe(7)
    table.apply({
      modSequence: 60,
      removed: [7, 50],
      added: [addition(51)],
      altered: [[8, 'cur/:2,', ['a']]],
    })
    for (const uid of [7, 50, 0, 52, -1, 8.5]) expect(table.byUid(uid)).toBeUndefined()
    for (const uid of [1, 8, 49, 51]) {
      expect(table.byUid(uid)?.entry.uid).toBe(uid)
      expect(table.byBase(addition(uid)[1])).toBe(table.byUid(uid))
    }
    expect(table.byBase(addition(7)[1])).toBeUndefined()
    expect(emptyTable().byUid(1)).toBeUndefined()
  })

  it('spells keywords as they were first spelled in the mailbox', () => {
    const table = tableOf(1)
    table.apply({ modSequence: 3, added: [addition(2, ['Junk', '$MDNSent'])] })
    expect(['JUNK', '$mdnsent', 'New'].map((keyword) => table.spell(keyword))).toEqual([
      'Junk',
      '$MDNSent',
      'New',
    ])
    table.apply({ modSequence: 4, altered: [[1, 'cur/:2,', ['NEW', 'junk']]] })
    expect([table.spell('new'), table.spell('JUNK')]).toEqual(['NEW', 'Junk'])
  })
})

describe('what vanished', () => {
  it('is told from any mod-sequence on, ascending, whatever order it went in', () => {
    const table = tableOf(9)
    table.apply({ modSequence: 20, removed: [8, 2] })
    table.apply({ modSequence: 21, removed: [1] })
    table.apply({ modSequence: 25, removed: [9, 5] })
    expect(table.vanishedSince(1)).toEqual([1, 2, 5, 8, 9])
    expect(table.vanishedSince(19)).toEqual([1, 2, 5, 8, 9])
    expect(table.vanishedSince(20)).toEqual([1, 5, 9])
    expect(table.vanishedSince(24)).toEqual([5, 9])
    expect(table.vanishedSince(25)).toEqual([])
    expect(table.vanishedSince(0), 'before anything that is remembered').toBeUndefined()
  })

  it('is forgotten from the oldest on when it becomes too much, and that is told', () => {
    const table = emptyTable()
    const added = Array.from({ length: 40_000 }, (_, at) => addition(at + 1))
    table.apply({ modSequence: 2, added })
    for (let from = 1; from <= 40_000; from += 1000) {
      const removed = Array.from({ length: 1000 }, (_, at) => from + at)
      table.apply({ modSequence: table.modSequence + 1, removed })
    }
    const known = table.vanishedSince(table.vanishedFloor)
    expect(table.vanishedSince(table.vanishedFloor - 1)).toBeUndefined()
    expect(known?.length).toBeGreaterThanOrEqual(20_000)
    expect(table.vanished.length).toBeLessThanOrEqual(30_000)
    expect(known?.at(-1)).toBe(40_000)
    const all = new Set(known)
    const [first = 0] = known ?? []
    for (let uid = first; uid <= 40_000; uid++) expect(all.has(uid)).toBe(true)
  })

  it('is not remembered again from before it was forgotten', () => {
    const table = tableOf(0)
    table.apply({ modSequence: 2, added: Array.from({ length: 31_000 }, (_, at) => addition(at + 1)) })
    for (let uid = 1; uid <= 29_000; uid += 1000) {
      const removed = Array.from({ length: 1000 }, (_, at) => uid + at)
      table.apply({ modSequence: table.modSequence + 1, removed })
    }
    const floor = table.modSequence + 5
    table.apply({ modSequence: floor, vanishedFloor: floor, renewed: true })
    table.apply({ modSequence: floor + 1, removed: Array.from({ length: 2000 }, (_, at) => 29_001 + at) })
    expect(table.vanished.length).toBeLessThan(30_000)
    expect(table.vanishedSince(floor - 1)).toBeUndefined()
    expect(table.vanishedSince(floor)).toHaveLength(2000)
  })

  it('all at once is forgotten as a whole, not by half', () => {
    const table = emptyTable()
    table.apply({ modSequence: 2, added: Array.from({ length: 35_000 }, (_, at) => addition(at + 1)) })
    table.apply({ modSequence: 3, removed: Array.from({ length: 35_000 }, (_, at) => at + 1) })
    const since = table.vanishedSince(2)
    expect(since === undefined || since.length === 35_000).toBe(true)
    expect(table.vanishedSince(3)).toEqual([])
  })
})
