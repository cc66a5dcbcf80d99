import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { parseCourierKeywordFile, parseCourierKeywordList } from './courier-keywords.ts'
import { parseCourierPop3List } from './courier-pop3-list.ts'
import { parseCourierSubscribed } from './courier-subscribed.ts'
import { parseCourierUidDatabase } from './courier-uiddb.ts'
import { parseDovecotKeywords } from './dovecot-keywords.ts'
import { parseDovecotSubscriptions } from './dovecot-subscriptions.ts'
import { parseDovecotUidlist } from './dovecot-uidlist.ts'
import { parseMaildirUidHeader } from './uid-header.ts'

const parsers = [
  parseCourierKeywordFile,
  parseCourierKeywordList,
  parseCourierPop3List,
  parseCourierSubscribed,
  parseCourierUidDatabase,
  parseDovecotKeywords,
  parseDovecotSubscriptions,
  parseDovecotUidlist,
  parseMaildirUidHeader,
] as const

const starts = ['', '1 7 9\n', '3 V7 N9\n', '/3 5 7\n', 'V\t2\n\n', 'Junk\n\n', 'INBOX.']
const pieces = [
  '0',
  ' ',
  '\t',
  '.',
  '/',
  ':',
  '\n',
  '&',
  '-',
  'a',
  '\x01',
  '\0',
  '\xff',
  '1 :a',
  '&AOk-',
  'INBOX.',
  '\n\n',
]

it('does not choke on very much of one thing', () => {
  for (const start of starts)
    for (const piece of pieces) {
      const octets = Buffer.from(start + piece.repeat(100_000 / piece.length), 'latin1')
      for (const parse of parsers)
        expect(() => parse(octets), `${parse.name} ${start} ${piece}`).not.toThrow()
    }
})

it('throws for no octets at all', () => {
  for (let round = 0; round < 1000; round++) {
    const dice = createHash('shake256', { outputLength: 64 }).update(`${round}`).digest()
    const text = [...dice].map((die) => pieces[die % pieces.length]).join('')
    const octets = Buffer.from((starts[round % starts.length] ?? '') + text, 'latin1')
    const parseAll = () => parsers.map((parse) => parse(octets))
    expect(parseAll, JSON.stringify(text)).not.toThrow()
  }
})
