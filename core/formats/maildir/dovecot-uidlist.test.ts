import { expect, it } from 'vitest'
import { type DovecotUidlist, formatDovecotUidlist, parseDovecotUidlist } from './dovecot-uidlist.ts'

const parse = (text: string): DovecotUidlist | undefined => parseDovecotUidlist(Buffer.from(text))
const uidsOf = (list: DovecotUidlist | undefined) =>
  list && Object.fromEntries([...list.records].map(([base, { uid }]) => [base, uid]))

const version3 = [
  '3 V1795903183 N5 G11761936cf4e0b6b105a000083ecc375',
  '2 :1795903183.M920882P23056.host,S=38,W=42',
  '3 W42 S38 PUID7-8 Gabc :1795903183.M934213P23056.host',
  '7 O3 P :1795903184.M1P2.host:2,Sa',
  '',
].join('\n')

it('reads version 3, whose header may be behind its lines', () => {
  expect(parse(version3)).toEqual({
    uidValidity: 1_795_903_183,
    uidNext: 8,
    records: new Map([
      ['1795903183.M920882P23056.host,S=38,W=42', { uid: 2 }],
      ['1795903183.M934213P23056.host', { uid: 3, size: 42, pop3Uidl: 'UID7-8', guid: 'abc' }],
      ['1795903184.M1P2.host', { uid: 7, pop3Uidl: '' }],
    ]),
  })
  expect(parse('3 V7 N1\n1 :a\n')).toMatchObject({ uidNext: 2 })
  expect(parse('3 V7 N9\n')).toEqual({ uidValidity: 7, uidNext: 9, records: new Map() })
})

it('reads version 1', () => {
  const list = parse('1 1100000000 10\n1 a\n3 b with spaces:2,S\n9 c')
  expect(list).toMatchObject({ uidValidity: 1_100_000_000, uidNext: 10 })
  expect(uidsOf(list)).toEqual({ a: 1, 'b with spaces': 3 })
})

it('passes over fields that it does not know, and lets the first of two count', () => {
  expect(parse('3 V7 N9\n1 Znew 5 W1x W2 :a\n')?.records.get('a')).toEqual({ uid: 1 })
  expect(parse('3 V7 N9\n1 W1 W2  :a\n')?.records.get('a')).toEqual({ uid: 1, size: 1 })
})

it('lets the later UID of a name count', () => {
  expect(uidsOf(parse('3 V7 N9\n1 :a\n2 :b\n5 :a:2,S\n'))).toEqual({ a: 5, b: 2 })
})

it('passes over names that no message of ours can have, but not their UIDs', () => {
  const list = parseDovecotUidlist(Buffer.from('3 V7 N1\n1 :.hidden\n2 ::2,S\n3 :\xff\n', 'latin1'))
  expect(list).toEqual({ uidValidity: 7, uidNext: 4, records: new Map() })
})

it.each([
  ['a UID again', '3 V7 N9\n1 :a\n1 :b\n'],
  ['UIDs that do not ascend', '3 V7 N9\n2 :a\n1 :b\n'],
  ['a UID that is not below the next one of version 1', '1 7 2\n2 a\n'],
  ['the UID 0', '3 V7 N9\n0 :a\n'],
  ['a UID that leaves none for the next', '3 V7 N9\n4294967295 :a\n'],
  ['a UID above 32 bits', '3 V7 N9\n4294967297 :a\n'],
  ['a line without UID', '3 V7 N9\nx :a\n'],
  ['an empty line', '3 V7 N9\n\n1 :a\n'],
  ['a UID alone', '3 V7 N9\n1\n'],
  ['no colon', '3 V7 N9\n1 a\n'],
  ['no name', '3 V7 N9\n1 W5 :\n'],
  ['no name in version 1', '1 7 9\n1 \n'],
  ['a name with a slash', '3 V7 N9\n1 :../../etc/passwd\n'],
  ['a line of unlikely length', `3 V7 N9\n1 :${'x'.repeat(70_000)}\n`],
  ['version 2', '2 7 9\n1 0 a\n'],
  ['no header', '1 :a\n'],
  ['NUL octets, as a crash leaves them', `3 V7 N9\n1 :a\n${'\0'.repeat(100)}\n`],
  ['nothing', ''],
])('trusts nothing in a list with %s', (_, text) => {
  expect(parse(text)).toBeUndefined()
})

it('trusts a list of version 3 that was cut off only where a line ended', () => {
  const octets = Buffer.from(version3)
  for (let end = 0; end < octets.length; end++) {
    const cut = octets.subarray(0, end)
    const isWhole = end > 0 && octets[end - 1] === 0x0a
    expect(parseDovecotUidlist(cut) !== undefined, `cut at ${end}`).toBe(isWhole)
  }
})

it('gives no wrong UID from a list of version 1 that was cut off', () => {
  const octets = Buffer.from('1 7 300\n1 aa\n23 bb\n299 cc\n')
  for (let end = 8; end < octets.length; end++) {
    const list = parseDovecotUidlist(octets.subarray(0, end))
    expect(list?.uidNext, `cut at ${end}`).toBe(300)
    expect({ aa: 1, bb: 23, cc: 299 }, `cut at ${end}`).toMatchObject(uidsOf(list) ?? {})
  }
})

it('reads very many lines', () => {
  const lines = Array.from({ length: 200_000 }, (_, index) => `${index + 1} W99 :${index}.host,S=98\n`)
  const list = parse(`3 V7 N1\n${lines.join('')}`)
  expect(list?.records.size).toBe(200_000)
  expect(list?.records.get('199999.host,S=98')).toEqual({ uid: 200_000, size: 99 })
})

it('writes what it reads, the UIDs in their order', () => {
  const uids = new Map([
    ['b with spaces', 9],
    ['a,S=1', 2],
    ['ü', 3],
  ])
  const octets = formatDovecotUidlist({ uidValidity: 7, uidNext: 12, uids })
  expect(octets.toString()).toBe('3 V7 N12\n2 :a,S=1\n3 :ü\n9 :b with spaces\n')
  const list = parseDovecotUidlist(octets)
  expect(list).toMatchObject({ uidValidity: 7, uidNext: 12 })
  expect(uidsOf(list)).toEqual(Object.fromEntries(uids))
  const empty = { uidValidity: 7, uidNext: 1, uids: new Map() }
  expect(parseDovecotUidlist(formatDovecotUidlist(empty))).toMatchObject({ uidValidity: 7, uidNext: 1 })
})

it.each(['', '.hidden', 'a:2,S', 'a\nb', 'a/b'])('writes no list with the name %j', (base) => {
  const list = { uidValidity: 7, uidNext: 2, uids: new Map([[base, 1]]) }
  expect(() => formatDovecotUidlist(list)).toThrow(expect.objectContaining({ code: 'MAIL_E_INVALID' }))
})
