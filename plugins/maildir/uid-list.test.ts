import { expect, it } from 'vitest'
import { formatUidList, parseUidList, type UidList } from './uid-list.ts'

const list: UidList = {
  uidValidity: 1_700_000_000,
  uidNext: 10,
  records: [
    { uid: 1, internalDate: 1_700_000_000_123, size: 42, base: '1700000000.M1P2Q3.host,S=40,W=42' },
    { uid: 3, internalDate: -5, size: 0, base: 'odd name\n100% ü' },
    { uid: 9, internalDate: 0, size: 7, base: '+ not pending' },
  ],
  arriving: ['b c:2,S', 'd:2,'],
  leaving: ['gone away'],
}

it('reads what it wrote', () => {
  expect(parseUidList(formatUidList(list))).toEqual(list)
  const empty: UidList = { uidValidity: 1, uidNext: 1, records: [], arriving: [], leaving: [] }
  expect(parseUidList(formatUidList(empty))).toEqual(empty)
})

it('is text that people can read', () => {
  expect(formatUidList({ ...list, records: list.records.slice(0, 2) }).toString()).toMatch(
    /^mailwright-uids 1 1700000000 10\n1 1700000000123 42 1700000000\.M1P2Q3\.host,S=40,W=42\n3 -5 0 odd%20name%0A100%25%20%C3%BC\n\+ b%20c:2,S\n\+ d:2,\n- gone%20away\nend 2 [0-9a-f]{8}\n$/,
  )
})

it('notices every single octet that is changed, and every cut', () => {
  const octets = formatUidList(list)
  for (let at = 0; at < octets.length; at++) {
    expect(parseUidList(octets.subarray(0, at)), `cut at ${at}`).toBeUndefined()
    for (const other of [0, 0x20, 0x30, 0x0a]) {
      if (octets[at] === other) continue
      const damaged = Buffer.from(octets)
      damaged[at] = other
      expect(parseUidList(damaged), `octet ${at} as ${other}`).toBeUndefined()
    }
  }
  expect(parseUidList(Buffer.concat([octets, Buffer.from('\n')]))).toBeUndefined()
  expect(parseUidList(Buffer.alloc(0))).toBeUndefined()
  expect(parseUidList(Buffer.alloc(octets.length))).toBeUndefined()
})

it('does not trust UIDs that do not ascend below the next one, or names with a slash', () => {
  const [first, second] = list.records
  if (first === undefined || second === undefined) throw new TypeError('no records')
  expect(parseUidList(formatUidList({ ...list, records: [second, first] }))).toBeUndefined()
  expect(parseUidList(formatUidList({ ...list, records: [first, first] }))).toBeUndefined()
  expect(parseUidList(formatUidList({ ...list, uidNext: 9 }))).toBeUndefined()
  expect(parseUidList(formatUidList({ ...list, records: [{ ...first, base: '../x' }] }))).toBeUndefined()
  expect(parseUidList(formatUidList({ ...list, leaving: ['../../x'] }))).toBeUndefined()
})

it('does not take a later version for damage', () => {
  const later = formatUidList(list).toString('latin1').replace('mailwright-uids 1', 'mailwright-uids 2')
  expect(() => parseUidList(Buffer.from(later))).toThrow(
    expect.objectContaining({ code: 'MAIL_E_UNAVAILABLE' }),
  )
})
