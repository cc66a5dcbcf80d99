import { describe, expect, it, vi } from 'vitest'
import { emptyTable, told } from '../../../test/support/stores/maildir-index.ts'
import type { IndexRecord } from './index-record.ts'
import { makeRecord, type RecordFacts } from './index-record.ts'
import { decodeSnapshot, encodeSnapshot, indexVersion, snapshotVersion } from './index-snapshot.ts'
import { IndexTable, type TableFacts } from './index-table.ts'

function record(uid: number, more: Partial<RecordFacts> = {}): IndexRecord {
  return makeRecord({
    uid,
    base: `${uid}.a.host`,
    location: 'cur/:2,S',
    size: uid * 10,
    internalDate: 1_600_000_000_000 + uid,
    savedDate: 1_700_000_000_000,
    modSequence: uid + 1,
    keywords: [],
    ...more,
  })
}

const full: TableFacts = {
  id: 'iß',
  uidValidity: 4_294_967_295,
  uidNext: 4_294_967_295,
  modSequence: Number.MAX_SAFE_INTEGER,
  vanishedFloor: 3,
  vanished: [
    { uid: 2, modSequence: 9 },
    { uid: 4_294_967_290, modSequence: 2 ** 40 },
  ],
  records: [
    record(1, { keywords: ['Junk', '$Forwarded'], uidl: 'old-1', location: 'new/' }),
    record(3, {
      emailId: '1.of-another',
      keywords: ['Junk $Forwarded'],
      summary: { offset: 2 ** 33, length: 77 },
    }),
    record(4, {
      internalDate: -8.64e15,
      savedDate: 8.64e15,
      signature: { offset: 0, length: 4_294_967_295 },
    }),
    record(4_294_967_294, { base: 'ü\u{1f600}"\\\n', location: 'cur/:2,abFS,x', modSequence: 2 ** 52 }),
  ],
  arriving: ['7.x:2,S'],
  leaving: ['6.x', '__proto__'],
}

/** A snapshot with another first line. */
function withHead(change: (head: Record<string, unknown>) => unknown, facts: TableFacts = full): Buffer {
  const octets = encodeSnapshot(facts)
  const end = octets.indexOf(10)
  const head = change(JSON.parse(octets.subarray(0, end).toString()) as Record<string, unknown>)
  return Buffer.concat([Buffer.from(JSON.stringify(head)), octets.subarray(end)])
}

describe('a snapshot', () => {
  it('looks at a list of keywords once, however many messages share it', () => {
    const keywords = ['a', 'b']
    const records = Array.from({ length: 50 }, (_, index) => record(index + 1, { keywords }))
    const join = vi.spyOn(keywords, 'join')
    const decoded = decodeSnapshot(encodeSnapshot({ ...full, records, vanished: [] }))
    expect(join).toHaveBeenCalledTimes(1)
    expect(decoded?.entries).toEqual(records.map(({ entry }) => entry))
  })

  it('is read as it was written, also at the ends of what numbers can be', () => {
    expect(told(decodeSnapshot(encodeSnapshot(full)))).toEqual(told(new IndexTable(full)))
    expect(told(decodeSnapshot(encodeSnapshot(emptyTable())))).toEqual(told(emptyTable()))
  })

  it('from before there were e-mail ids gives messages those of their names', () => {
    const old = decodeSnapshot(withHead(({ emailIds: _, ...head }) => head))
    expect(old?.byUid(3)?.entry.id).toBe(old?.byUid(3)?.base)
    const fresh = decodeSnapshot(encodeSnapshot(full))
    expect(fresh?.byUid(3)?.entry.id).toBe('1.of-another')
  })

  it('of many messages has each combination of location and keywords once', () => {
    const records = Array.from({ length: 5000 }, (_, at) =>
      record(at + 1, {
        location: at % 2 === 0 ? 'cur/:2,' : 'cur/:2,S',
        keywords: at % 3 === 0 ? ['a'] : [],
      }),
    )
    const octets = encodeSnapshot({ ...full, records, uidNext: 5001 })
    expect(octets.toString('latin1').split('"cur/:2,').length - 1).toBe(4)
    expect(decodeSnapshot(octets)?.records).toEqual(records)
  })

  it('is none when any octets at its end are missing, or one follows', () => {
    const octets = encodeSnapshot(full)
    const bases = full.records.map(({ base }) => base).join('/')
    const columns = octets.length - Buffer.byteLength(bases)
    for (let length = 0; length < columns; length++)
      expect(decodeSnapshot(octets.subarray(0, length))).toBeUndefined()
    expect(decodeSnapshot(Buffer.concat([octets, Buffer.from('/x')]))).toBeUndefined()
    expect(decodeSnapshot(octets.subarray(0, columns))).toBeUndefined()
  })

  it.each([
    ['no object', () => 5],
    ['null', () => null],
    ['a list', () => []],
    ['another version', (head: object) => ({ ...head, version: 0 })],
    ['no id', (head: object) => ({ ...head, id: 7 })],
    ['no UIDVALIDITY', (head: object) => ({ ...head, uidValidity: 0 })],
    ['a UIDVALIDITY of 33 bits', (head: object) => ({ ...head, uidValidity: 2 ** 32 })],
    ['a next UID that was given', (head: object) => ({ ...head, uidNext: 4_294_967_294 })],
    ['a next UID that is no number', (head: object) => ({ ...head, uidNext: '9' })],
    ['a mod-sequence below 0', (head: object) => ({ ...head, modSequence: -1 })],
    ['a mod-sequence with a fraction', (head: object) => ({ ...head, modSequence: 1.5 })],
    ['fewer messages than names', (head: object) => ({ ...head, messages: 3 })],
    ['more messages than octets', (head: object) => ({ ...head, messages: 2 ** 50 })],
    ['more that vanished than octets', (head: object) => ({ ...head, vanished: 2 ** 52 })],
    ['a name that leads elsewhere', (head: object) => ({ ...head, arriving: ['../../x'] })],
    ['names that are none', (head: object) => ({ ...head, leaving: [7] })],
    ['names that are no list', (head: object) => ({ ...head, leaving: 'x' })],
    ['a UIDL that is none', (head: object) => ({ ...head, uidls: { 1: 5 } })],
    ['no UIDLs', (head: object) => ({ ...head, uidls: null })],
    ['an e-mail id that is none', (head: object) => ({ ...head, emailIds: { 3: 'a b' } })],
    ['no e-mail ids', (head: object) => ({ ...head, emailIds: null })],
    ['no states', (head: object) => ({ ...head, states: {} })],
    ['too few states', (head: object) => ({ ...head, states: [] })],
    ['a state that leads elsewhere', (head: object) => ({ ...head, states: [['/etc/', []]] })],
    ['keywords that are none', (head: object) => ({ ...head, states: [['cur/:2,', [1]]] })],
  ])('with %s is none', (_, change) => {
    expect(decodeSnapshot(withHead(change))).toBeUndefined()
  })

  it('of which any octet is another is none, or says what a mailbox may be', () => {
    const octets = encodeSnapshot(full)
    let read = 0
    for (let at = 0; at < octets.length; at++)
      for (const bits of [0x01, 0x7f, 0x80, 0xff]) {
        const other = Buffer.from(octets)
        other[at] = (other[at] ?? 0) ^ bits
        const table = decodeSnapshot(other)
        if (table === undefined) continue
        read += 1
        expectSound(table)
      }
    expect(read).toBeGreaterThan(100)
  })

  it('tells its version to a program that cannot read it', () => {
    expect(snapshotVersion(encodeSnapshot(full))).toBe(indexVersion)
    expect(snapshotVersion(Buffer.from('{"version":12,"x"'))).toBe(12)
    for (const text of ['', '{"version":', 'x', '{"version":-1,', '{"version":99999999999999999999,'])
      expect(snapshotVersion(Buffer.from(text))).toBe(0)
  })
})

/** Demands that whoever shows the table to a client meets nothing that cannot be. */
function expectSound({ records, vanished, uidNext, modSequence }: IndexTable): void {
  let last = 0
  for (const { entry, base, location, summary, signature } of records) {
    expect(entry.uid).toBeGreaterThan(last)
    last = entry.uid
    for (const number of [entry.size, entry.modSequence, summary?.offset ?? 0, signature?.offset ?? 0])
      expect(Number.isSafeInteger(number) && number >= 0, String(number)).toBe(true)
    expect([entry.internalDate.toISOString(), entry.savedDate.toISOString()]).toHaveLength(2)
    expect(`${base}${location}`).toMatch(/^[^/]+(?:new|cur)\/[^/]*$/s)
  }
  expect(uidNext).toBeGreaterThan(last)
  expect(Number.isSafeInteger(modSequence)).toBe(true)
  for (const each of vanished) {
    expect(each.uid).toBeGreaterThan(0)
    expect(Number.isSafeInteger(each.modSequence)).toBe(true)
  }
}
