import { expect, it } from 'vitest'
import { formatDovecotKeywords, parseCourierKeywords, parseDovecotKeywords } from './maildir-keywords.ts'
import { decodeMaildirLevel, formatMaildirDirectory, parseMaildirDirectory } from './maildir-mailbox-name.ts'
import { formatMaildirMessageName, maildirBase, parseMaildirMessageName } from './maildir-message-name.ts'
import {
  formatDovecotSubscriptions,
  parseCourierSubscriptions,
  parseDovecotSubscriptions,
} from './maildir-subscriptions.ts'
import { formatDovecotUidList, parseMaildirUidList } from './maildir-uid-list.ts'

it.each([
  ['1.M2P3.host,S=4:2,', '1.M2P3.host,S=4', [], []],
  ['1.host:2,FRS', '1.host', ['\\Answered', '\\Flagged', '\\Seen'], []],
  ['1.host:2,DT', '1.host', ['\\Deleted', '\\Draft'], []],
  ['1.host:2,PSab', '1.host', ['$Forwarded', '\\Seen'], [0, 1]],
  ['1.host:2,zzS', '1.host', ['\\Seen'], [25]],
  ['1.host:2,S,extra=F', '1.host', ['\\Seen'], []],
  ['1.host:1,FS', '1.host', [], []],
  ['1.host', '1.host', [], []],
  ['1.host:2,SX9', '1.host', ['\\Seen'], []],
])('reads the file name %s', (name, base, flags, keywords) => {
  expect(parseMaildirMessageName(name)).toEqual({ base, flags, keywords })
  expect(maildirBase(name)).toBe(base)
})

it.each(['', '.nfs0001', ':2,S', '.'])('takes %j for no message', (name) => {
  expect(parseMaildirMessageName(name)).toBeUndefined()
})

it('writes file names that it reads back', () => {
  const keywords = ['Work', '$Forwarded', ...Array.from({ length: 30 }, (_, place) => `k${place}`)]
  const name = formatMaildirMessageName('1.host', ['\\Seen', 'Work', '$forwarded', 'k1', 'k29'], keywords)
  expect(name).toBe('1.host:2,PSad')
  expect(parseMaildirMessageName(name)).toEqual({
    base: '1.host',
    flags: ['$Forwarded', '\\Seen'],
    keywords: [0, 3],
  })
})

it('reads lists of keywords, and leaves out what makes no sense', () => {
  const keywords = parseDovecotKeywords(Buffer.from('0 Work\nnonsense\n2 $Label1\n3 two words\n-1 x\n'))
  expect([...keywords]).toEqual([
    [0, 'Work'],
    [2, '$Label1'],
  ])
  expect(formatDovecotKeywords(['a', 'b'])).toBe('0 a\n1 b\n')
})

it("reads Courier's keywords", () => {
  const text = 'Work\n$Label1\n\n1.host:0 1\n2.host:1\n3.host:9\nbroken\n:0\n4.host:x 0 0\n'
  expect([...parseCourierKeywords(Buffer.from(text))]).toEqual([
    ['1.host', ['Work', '$Label1']],
    ['2.host', ['$Label1']],
    ['4.host', ['Work']],
  ])
  expect(parseCourierKeywords(Buffer.from('Work\nno end of the names')).size).toBe(0)
})

it("reads Dovecot's and Courier's UIDs", () => {
  const third =
    '3 V7 N12 Gabc\n3 :1.host,S=1:2,\n5 W100 P9 :2.host:2,S\n5 :twice\n4 :back\nrubbish\n11 :3:x\n'
  expect(parseMaildirUidList(Buffer.from(third))).toEqual({
    uidValidity: 7,
    uidNext: 12,
    uids: new Map([
      ['1.host,S=1', 3],
      ['2.host', 5],
      ['3', 11],
    ]),
  })
  const first = parseMaildirUidList(Buffer.from('1 1300000000 2\n1 a.host\n9 b.host,S=3\n'))
  expect(first).toMatchObject({ uidValidity: 1_300_000_000, uidNext: 10 })
  expect([...(first?.uids ?? [])]).toEqual([
    ['a.host', 1],
    ['b.host,S=3', 9],
  ])
})

it.each(['', '2 1 1\n', '3 V1\n', '3 N1\n', '3 V0 N1\n', '3 V9999999999 N1\n', '1 x 2\n', '\0'])(
  'does not take %j for a list of UIDs',
  (text) => {
    expect(parseMaildirUidList(Buffer.from(text))).toBeUndefined()
  },
)

it('writes lists of UIDs that it reads back', () => {
  const list = { uidValidity: 5, uidNext: 9, uids: new Map([['1.host,S=1', 2]]) }
  expect(parseMaildirUidList(Buffer.from(formatDovecotUidList(list)))).toEqual(list)
})

it('reads the names of mailboxes, whatever they are written in', () => {
  expect(parseMaildirDirectory('.Work.R&AOk-sum&AOk-')).toEqual(['Work', 'Résumé'])
  expect(parseMaildirDirectory('.a &- b')).toEqual(['a & b'])
  expect(parseMaildirDirectory('.Résumé')).toEqual(['Résumé'])
  for (const none of ['Work', '.', '..', '.a..b', '.a.']) expect(parseMaildirDirectory(none)).toBeUndefined()
  for (const kept of ['R&AOk', '&AOk=-', '&2AA-']) expect(decodeMaildirLevel(kept)).toBe(kept)
})

it.each([[['Work', 'a.b/c']], [['Résumé & Co']], [['日本語', '😀']]])(
  'writes %j so that it reads it back',
  (levels) => {
    const directory = formatMaildirDirectory(levels)
    expect(directory).toMatch(/^[\x20-\x7e]+$/)
    expect(directory).not.toContain('/')
    expect(parseMaildirDirectory(directory)).toEqual(levels)
  },
)

it('reads subscriptions of Dovecot and Courier', () => {
  const names = [['Sent'], ['Work', 'R\u00e9sum\u00e9']]
  expect(parseDovecotSubscriptions(Buffer.from(formatDovecotSubscriptions(names)))).toEqual(names)
  expect(parseDovecotSubscriptions(Buffer.from('Sent\nWork.R&AOk-sum&AOk-\nA/b.c\n'))).toEqual([
    ...names,
    ['A', 'b.c'],
  ])
  expect(parseCourierSubscriptions(Buffer.from('INBOX\nINBOX.Sent\nINBOX.Work.R&AOk-sum&AOk-\n'))).toEqual([
    ['INBOX'],
    ...names,
  ])
})

it('takes linear time for long lists', () => {
  const lines = Array.from({ length: 200_000 }, (_, place) => `${place + 1} :${place}.host`)
  const list = parseMaildirUidList(Buffer.from(`3 V1 N1\n${lines.join('\n')}`))
  expect(list?.uids.size).toBe(200_000)
  expect(list?.uidNext).toBe(200_001)
})
