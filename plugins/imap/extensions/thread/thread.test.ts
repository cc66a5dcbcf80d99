import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'
import { search } from '../search/index.ts'
import { thread } from './index.ts'

const mails = [
  'Message-ID: <a@x>\nSubject: plan\nDate: 1 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <b@x>\nSubject: Re: plan\nReferences: <a@x>\nDate: 2 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <c@x>\nSubject: other\nDate: 3 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <d@x>\nSubject: Re: plan\nReferences: <a@x> <b@x>\nDate: 4 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <e@x>\nSubject: Re: plan\nIn-Reply-To: <a@x>\nDate: 5 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <f@x>\nSubject: x\nReferences: <lost@x>\nDate: 6 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <g@x>\nSubject: y\nReferences: <lost@x>\nDate: 7 Jan 2026 10:00 +0000\n\n',
  'Message-ID: <h@x>\nSubject: Re: other\nDate: 8 Jan 2026 10:00 +0000\n\n',
]

let system: ImapTest
let client: ImapTestClient

beforeAll(async () => {
  system = await startImapTest({ extensions: [search, thread] })
  await system.deliver('INBOX', 'Subject: gone\n\n', ...mails)
  await system.mail.createMailbox('Empty')
  const mailbox = await system.mail.openMailbox('INBOX')
  // Message 1 has UID 2.
  await mailbox.expunge([1])
  await mailbox.close()
  client = await system.connect()
  await client.ok('SELECT INBOX')
})
afterAll(() => system[Symbol.asyncDispose]())

describe('THREAD', () => {
  it.each([
    ['THREAD REFERENCES UTF-8 ALL', 'THREAD (1 (2 4)(5))(3 8)((6)(7))'],
    ['UID THREAD REFERENCES US-ASCII ALL', 'THREAD (2 (3 5)(6))(4 9)((7)(8))'],
    ['thread refs utf-8 all', 'THREAD (3)(1 (2 4)(5))((6)(7))(8)'],
    ['THREAD ORDEREDSUBJECT UTF-8 ALL', 'THREAD (1 (2)(4)(5))(3 8)(6)(7)'],
    ['THREAD REFERENCES UTF-8 SUBJECT plan', 'THREAD (1 (2 4)(5))'],
    ['THREAD REFERENCES UTF-8 4:6', 'THREAD ((4)(5))(6)'],
    ['UID THREAD REFS UTF-8 UID 5,9', 'THREAD (5)(9)'],
    ['THREAD REFS UTF-8 SUBJECT nothing', 'THREAD'],
    ['THREAD REFERENCES ISO-8859-1 SUBJECT "x"', 'THREAD (6)'],
  ])('%s', async (command, response) => {
    expect(await client.ok(command)).toEqual([response])
  })

  it('finds nothing in an empty mailbox', async () => {
    const other = await system.connect()
    await other.ok('EXAMINE Empty')
    expect(await other.ok('THREAD REFERENCES UTF-8 ALL')).toEqual(['THREAD'])
  })

  it('takes what came since', async () => {
    const other = await system.connect()
    await other.ok('SELECT Empty')
    await other.ok('THREAD REFS UTF-8 ALL')
    await system.deliver('Empty', 'Message-ID: <a@x>\n\n', 'Message-ID: <b@x>\nIn-Reply-To: <a@x>\n\n')
    await other.ok('NOOP')
    expect(await other.ok('THREAD REFS UTF-8 ALL')).toEqual(['THREAD (1 2)'])
  })

  it.each([
    'THREAD',
    'THREAD REFERENCES',
    'THREAD REFERENCES ALL',
    'THREAD REFERENCES UTF-8',
    'THREAD JWZ UTF-8 ALL',
    'THREAD REFERENCES UTF-8 BOGUS',
    'THREAD (REFERENCES) UTF-8 ALL',
    'THREAD RETURN (COUNT) REFERENCES UTF-8 ALL',
  ])('takes %j for a mistake', async (command) => {
    const other = await system.connect()
    await other.ok('EXAMINE INBOX')
    expect((await other.command(command)).tagged).toMatch(/^(?:BAD|NO \[BADCHARSET)/)
  })

  it('needs a mailbox, and says so by its capabilities', async () => {
    const other = await system.connect(null)
    expect((await other.ok('CAPABILITY')).join()).not.toContain('THREAD')
    expect((await other.command('THREAD REFS UTF-8 ALL')).tagged).toMatch(/^BAD/)
    const [capabilities] = await client.ok('CAPABILITY')
    expect(capabilities?.split(' ').filter((name) => name.startsWith('THREAD='))).toEqual([
      'THREAD=ORDEREDSUBJECT',
      'THREAD=REFERENCES',
      'THREAD=REFS',
    ])
  })
})
