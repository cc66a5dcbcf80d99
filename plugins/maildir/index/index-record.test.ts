import { describe, expect, it, vi } from 'vitest'
import {
  changedRecord,
  lettersAt,
  locatedAt,
  locationOf,
  makeRecord,
  type RecordFacts,
} from './index-record.ts'

const facts: RecordFacts = {
  uid: 7,
  base: '1.a.h',
  location: 'cur/:2,S',
  size: 10,
  internalDate: 1_600_000_000_000,
  savedDate: 1_700_000_000_000,
  modSequence: 5,
  keywords: ['Junk'],
}

describe('a record', () => {
  it('looks at a list of keywords once, however many messages share it', () => {
    const keywords = Array.from({ length: 300 }, (_, index) => `shared${index}`)
    const join = vi.spyOn(keywords, 'join')
    const made = Array.from({ length: 100 }, (_, index) => makeRecord({ ...facts, uid: index + 1, keywords }))
    expect(new Set(made.map(({ entry }) => entry.flags)).size).toBe(1)
    expect(join).toHaveBeenCalledTimes(1)
    expect(makeRecord({ ...facts, location: 'cur/:2,', keywords }).entry.flags).not.toContain('\\Seen')
  })

  it('shows letters and keywords as flags, sorted', () => {
    const flags = (location: string, keywords: readonly string[] = []): readonly string[] =>
      makeRecord({ ...facts, location, keywords }).entry.flags
    expect(flags('new/')).toEqual([])
    expect(flags('cur/:2,FTx', ['b', 'A'])).toEqual(['A', '\\Deleted', '\\Flagged', 'b'])
    expect(flags('cur/:2,S,x=2')).toEqual(['\\Seen'])
    expect(flags('cur/:1,S')).toEqual([])
  })

  it('shows no keyword for a place, whatever keywords somebody has', () => {
    const poisons = ['cur/:2,S', 'cur/:2,F', 'new/', 'cur/:2,S Junk', ' \\Seen']
    for (const keyword of poisons) makeRecord({ ...facts, location: 'cur/:2,', keywords: [keyword] })
    for (const [location, expected] of [
      ['cur/:2,S', ['\\Seen']],
      ['cur/:2,F', ['\\Flagged']],
      ['new/', []],
    ] as const)
      expect(makeRecord({ ...facts, location, keywords: [] }).entry.flags).toEqual(expected)
    makeRecord({ ...facts, location: 'cur/:2,D Later', keywords: [] })
    const later = makeRecord({ ...facts, location: 'cur/:2,D', keywords: ['Later'] })
    expect(later.entry.flags).toEqual(['Later', '\\Draft'])
    expect(makeRecord(facts).entry.flags).toEqual(['Junk', '\\Seen'])
  })

  it('that changes in what is not shown keeps its entry', () => {
    const record = makeRecord(facts)
    for (const changes of [
      { location: 'new/:2,S' },
      { summary: { offset: 1, length: 2 } },
      { signature: { offset: 1, length: 2 } },
      { modSequence: 5 },
    ])
      expect(changedRecord(record, changes).entry).toBe(record.entry)
    const changed = changedRecord(record, {
      location: 'cur/:2,FS',
      modSequence: 9,
      summary: { offset: 1, length: 2 },
    })
    expect(changed.entry).toEqual({ ...record.entry, flags: ['Junk', '\\Flagged', '\\Seen'], modSequence: 9 })
    expect(changedRecord(changed, { keywords: [] })).toMatchObject({
      base: '1.a.h',
      location: 'cur/:2,FS',
      summary: { offset: 1, length: 2 },
      entry: { flags: ['\\Flagged', '\\Seen'] },
    })
  })
})

describe('a location', () => {
  it.each(['new/', 'cur/:2,', 'cur/:2,FS', 'cur/:2,S,x', 'cur/:1,other', 'new/:2,S'])(
    '(%s) says where the file is, and is said by it',
    (location) => {
      const located = locatedAt('1.a.h', location)
      expect(located.directory).toBe(location.slice(0, 3))
      expect(located.fileName).toBe(`1.a.h${location.slice(4)}`)
      expect(locationOf(located)).toBe(location)
      expect(lettersAt(location)).toBe(located.letters)
    },
  )

  it('of a name that other programs made strange is found all the same', () => {
    for (const base of ['1.a.h,S=5', 'x', '日本'])
      expect(locationOf(locatedAt(base, 'cur/:2,S'))).toBe('cur/:2,S')
  })
})
