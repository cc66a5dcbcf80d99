import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'
import { context } from '../context/index.ts'
import { esearch } from '../esearch/index.ts'
import { partial } from '../partial/index.ts'
import { search } from '../search/index.ts'
import { searchResult } from '../searchres/index.ts'
import { sort } from './index.ts'

const extensions = [search, esearch, searchResult, partial, context, sort]
const mails = [
  'From: Zoe <adam@x>\nTo: b@x\nCc: b@x\nSubject: delta\nDate: 4 Jan 2026 10:00 +0000\n\nlonger than others\n',
  'From: carl@x\nTo: a@x\nSubject: Re: Alpha\nDate: 3 Jan 2026 10:00 +0000\n\n',
  'From: bob@x\nTo: Carl <z@x>\nCc: a@x\nSubject: charlie\nDate: 1 Jan 2026 10:00 +0000\n\nx\n',
  'From: dora@x\nTo: a@x\nSubject: [list] bravo\nDate: 2 Jan 2026 10:00 +0000\n\nxy\n',
]

let system: ImapTest
let client: ImapTestClient

async function prepared(): Promise<ImapTest> {
  const prepared = await startImapTest({ extensions })
  await prepared.deliver('INBOX', 'Subject: gone\n\n', ...mails)
  const mailbox = await prepared.mail.openMailbox('INBOX')
  // Message 1 has UID 2.
  await mailbox.expunge([1])
  await mailbox.close()
  return prepared
}

beforeAll(async () => {
  system = await prepared()
  client = await system.connect()
  await client.ok('SELECT INBOX')
})
afterAll(() => system[Symbol.asyncDispose]())

describe('SORT', () => {
  it.each([
    ['SORT (SUBJECT) UTF-8 ALL', 'SORT 2 4 3 1'],
    ['UID SORT (SUBJECT) UTF-8 ALL', 'SORT 3 5 4 2'],
    ['SORT (REVERSE SUBJECT) US-ASCII ALL', 'SORT 1 3 4 2'],
    ['SORT (DATE) UTF-8 ALL', 'SORT 3 4 2 1'],
    ['sort (reverse date) utf-8 all', 'SORT 1 2 4 3'],
    ['SORT (ARRIVAL) UTF-8 ALL', 'SORT 1 2 3 4'],
    ['SORT (FROM) UTF-8 ALL', 'SORT 1 3 2 4'],
    ['SORT (DISPLAYFROM) UTF-8 ALL', 'SORT 3 2 4 1'],
    ['SORT (TO) UTF-8 ALL', 'SORT 2 4 1 3'],
    ['SORT (DISPLAYTO) UTF-8 ALL', 'SORT 2 4 1 3'],
    ['SORT (CC) UTF-8 ALL', 'SORT 2 4 3 1'],
    ['SORT (TO REVERSE SUBJECT) UTF-8 ALL', 'SORT 4 2 1 3'],
    ['SORT (REVERSE TO TO SUBJECT) UTF-8 ALL', 'SORT 3 1 2 4'],
    ['SORT (REVERSE SIZE) UTF-8 1:2', 'SORT 1 2'],
    ['SORT (SUBJECT) UTF-8 TO a@x', 'SORT 2 4'],
    ['UID SORT (SUBJECT) UTF-8 UID 4:*', 'SORT 5 4'],
    ['SORT (SUBJECT) UTF-8 SUBJECT nothing', 'SORT'],
    ['SORT (SUBJECT) ISO-8859-1 ALL', 'SORT 2 4 3 1'],
  ])('%s', async (command, response) => {
    expect(await client.ok(command)).toEqual([response])
  })

  it('tells the highest mod-sequence where it is asked for', async () => {
    await client.ok('ENABLE CONDSTORE')
    expect(await client.ok('SORT (SUBJECT) UTF-8 MODSEQ 1')).toEqual([
      expect.stringMatching(/^SORT 2 4 3 1 \(MODSEQ \d+\)$/),
    ])
  })

  it.each([
    'SORT',
    'SORT ()  UTF-8 ALL',
    'SORT () UTF-8 ALL',
    'SORT SUBJECT UTF-8 ALL',
    'SORT (SUBJECT)',
    'SORT (SUBJECT) UTF-8',
    'SORT (SUBJECT REVERSE) UTF-8 ALL',
    'SORT (REVERSE REVERSE DATE) UTF-8 ALL',
    'SORT (BCC) UTF-8 ALL',
    'SORT (SUBJECT) UTF-8 BOGUS',
    'SORT RETURN (BOGUS) (DATE) UTF-8 ALL',
    'SORT RETURN (MIN)(DATE) UTF-8 ALL',
  ])('takes %j for a mistake', async (command) => {
    const other = await system.connect()
    await other.ok('EXAMINE INBOX')
    expect((await other.command(command)).tagged).toMatch(/^BAD/)
  })

  it('refuses unknown charsets', async () => {
    expect((await client.command('SORT (SUBJECT) KLINGON ALL')).tagged).toMatch(/^NO \[BADCHARSET \(/)
  })

  it('needs a mailbox, and says what it can', async () => {
    const other = await system.connect(null)
    expect((await other.ok('CAPABILITY')).join()).not.toContain('SORT')
    expect((await other.command('SORT (DATE) UTF-8 ALL')).tagged).toMatch(/^BAD/)
    const [capabilities] = await client.ok('CAPABILITY')
    expect(capabilities?.split(' ').filter((name) => name.includes('SORT'))).toEqual([
      'SORT',
      'SORT=DISPLAY',
      'ESORT',
      'CONTEXT=SORT',
    ])
  })
})

describe('ESORT', () => {
  it.each([
    ['SORT RETURN () (SUBJECT) UTF-8 ALL', 'ALL 2,4,3,1'],
    ['SORT RETURN (MIN MAX COUNT) (SUBJECT) UTF-8 ALL', 'MIN 2 MAX 1 COUNT 4'],
    ['SORT RETURN (PARTIAL 2:3) (REVERSE DATE) UTF-8 ALL', 'PARTIAL (2:3 2,4)'],
    ['SORT RETURN (COUNT) (DATE) UTF-8 SUBJECT nothing', 'COUNT 0'],
    ['SORT RETURN (ALL) (DATE) UTF-8 SUBJECT nothing', ''],
  ])('%s', async (command, parts) => {
    const other = await system.connect()
    await other.ok('EXAMINE INBOX')
    expect(await other.ok(command)).toEqual([`ESEARCH (TAG "t3")${parts === '' ? '' : ` ${parts}`}`])
    const [byUid] = await other.ok(`UID ${command}`)
    expect(byUid).toMatch(/^ESEARCH \(TAG "t4"\) UID/)
  })

  it('saves the result, and forgets it where it fails', async () => {
    const other = await system.connect()
    await other.ok('EXAMINE INBOX')
    expect(await other.ok('SORT RETURN (SAVE) (SUBJECT) UTF-8 TO a@x')).toEqual([])
    expect(await other.ok('SEARCH $')).toEqual(['SEARCH 2 4'])
    expect((await other.command('SORT RETURN (SAVE) (SUBJECT) KLINGON ALL')).tagged).toMatch(/^NO/)
    expect(await other.ok('SEARCH $')).toEqual(['SEARCH'])
  })
})

describe('CONTEXT=SORT', () => {
  it('tells where new results stand, and which ones go', async () => {
    await using own = await prepared()
    const watching = await own.connect()
    await watching.ok('SELECT INBOX')
    const answer = await watching.ok('UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNDELETED')
    expect(answer).toEqual(['ESEARCH (TAG "t3") UID ALL 3,5,4,2'])
    await own.deliver('INBOX', 'Subject: bravado\n\n')
    const arrived = await watching.ok('NOOP')
    expect(arrived.filter((line) => line.startsWith('ESEARCH'))).toEqual([
      'ESEARCH (TAG "t3") UID ADDTO (2 6)',
    ])
    const changed = await watching.ok('UID STORE 4 +FLAGS (\\Deleted)')
    const after = [...changed, ...(await watching.ok('NOOP'))]
    expect(after.filter((line) => line.startsWith('ESEARCH'))).toEqual([
      'ESEARCH (TAG "t3") UID REMOVEFROM (4 4)',
    ])
  })
})
