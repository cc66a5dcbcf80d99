import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest

async function connect(): Promise<ImapTestClient> {
  const client = await system.connect()
  client.showsRecent = true
  return client
}

async function deliver(...subjects: readonly string[]): Promise<void> {
  await system.deliver('INBOX', ...subjects.map((subject) => `Subject: ${subject}\n\nx\n`))
}

async function recentOf(client: ImapTestClient, command = 'SELECT INBOX'): Promise<readonly string[]> {
  return (await client.ok(command)).filter((line) => line.endsWith('RECENT'))
}

async function flagsOf(client: ImapTestClient): Promise<readonly string[]> {
  return (await client.ok('FETCH 1:* FLAGS')).map((line) => line.replace('FETCH (FLAGS ', '').slice(0, -1))
}

describe('\\Recent (RFC 3501 §2.3.2)', () => {
  beforeEach(async () => {
    system = await startImapTest()
    onTestFinished(() => system[Symbol.asyncDispose]())
    await deliver('one', 'two')
  })

  it('is what no session was told of before', async () => {
    const first = await connect()
    expect(await recentOf(first)).toEqual(['2 RECENT'])
    expect(await flagsOf(first)).toEqual(['1 (\\Recent)', '2 (\\Recent)'])
    const second = await connect()
    expect(await recentOf(second)).toEqual(['0 RECENT'])
    expect(await flagsOf(second)).toEqual(['1 ()', '2 ()'])
    // It stays as long as the mailbox is selected.
    expect(await flagsOf(first)).toEqual(['1 (\\Recent)', '2 (\\Recent)'])
    expect(await recentOf(first)).toEqual(['0 RECENT'])
  })

  it('is left to others by EXAMINE', async () => {
    const reader = await connect()
    expect(await recentOf(reader, 'EXAMINE INBOX')).toEqual(['2 RECENT'])
    expect(await flagsOf(reader)).toEqual(['1 (\\Recent)', '2 (\\Recent)'])
    await deliver('three')
    expect(await reader.ok('NOOP')).toEqual(['3 EXISTS', '3 RECENT'])
    expect(await recentOf(await connect())).toEqual(['3 RECENT'])
    expect(await recentOf(reader, 'EXAMINE INBOX')).toEqual(['0 RECENT'])
  })

  it('is a new message for the session that is told of it first', async () => {
    const [one, other] = [await connect(), await connect()]
    await one.ok('SELECT INBOX')
    await other.ok('SELECT INBOX')
    await deliver('three')
    expect(await other.ok('NOOP')).toEqual(['3 EXISTS', '1 RECENT'])
    expect(await one.ok('NOOP')).toEqual(['3 EXISTS', '2 RECENT'])
    await deliver('four')
    expect(await one.ok('NOOP')).toEqual(['4 EXISTS', '3 RECENT'])
    expect(await flagsOf(one)).toEqual(['1 (\\Recent)', '2 (\\Recent)', '3 ()', '4 (\\Recent)'])
    expect(await other.ok('FETCH 3 FLAGS')).toEqual(['3 FETCH (FLAGS (\\Recent))', '4 EXISTS', '1 RECENT'])
  })

  it('stands with the other flags in whatever tells flags', async () => {
    const client = await connect()
    await client.ok('SELECT INBOX')
    expect(await client.ok('STORE 1 +FLAGS (\\Seen)')).toEqual(['1 FETCH (UID 1 FLAGS (\\Seen \\Recent))'])
    await (await system.mail.openMailbox('INBOX')).changeFlags([2], { add: ['\\Flagged'] })
    expect(await client.ok('NOOP')).toEqual(['2 FETCH (UID 2 FLAGS (\\Flagged \\Recent))'])
    expect(await client.ok('FETCH 2 BODY[]<0.1>')).toEqual([
      '2 FETCH (FLAGS (\\Flagged \\Seen \\Recent) BODY[]<0> {1}\r\nS)',
    ])
    expect((await client.command('STORE 1 FLAGS (\\Recent)')).tagged).toMatch(/^BAD /)
  })

  it('is counted less where such a message is expunged', async () => {
    const client = await connect()
    await client.ok('SELECT INBOX')
    await client.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
    expect(await client.ok('EXPUNGE')).toEqual(['2 EXPUNGE', '1 RECENT'])
    await client.ok('SELECT INBOX')
    await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    expect(await client.ok('EXPUNGE')).toEqual(['1 EXPUNGE'])
  })

  it('is a copy, which SHOULD be (RFC 3501 §6.4.7), and a message that is appended', async () => {
    const client = await connect()
    await client.ok('SELECT INBOX')
    await client.ok('COPY 1 INBOX')
    expect(await client.ok('NOOP')).toEqual([])
    expect(await client.ok('FETCH 3 FLAGS')).toEqual(['3 FETCH (FLAGS (\\Recent))'])
    expect(await client.ok('APPEND INBOX {3+}\r\nx\r\n')).toEqual(['4 EXISTS', '4 RECENT'])
  })

  it('is searched for by RECENT, NEW and OLD', async () => {
    const client = await connect()
    await client.ok('SELECT INBOX')
    await client.ok('SELECT INBOX')
    await deliver('three', 'four')
    await client.ok('NOOP')
    await client.ok('STORE 3 +FLAGS.SILENT (\\Seen)')
    expect(await client.ok('SEARCH RECENT')).toEqual(['SEARCH 3 4'])
    expect(await client.ok('SEARCH NEW')).toEqual(['SEARCH 4'])
    expect(await client.ok('SEARCH OLD')).toEqual(['SEARCH 1 2'])
    expect(await client.ok('SEARCH NOT RECENT SUBJECT one')).toEqual(['SEARCH 1'])
    const other = await connect()
    expect(await other.ok('ESEARCH IN (mailboxes INBOX) RETURN (COUNT) RECENT')).toEqual([])
    await deliver('five')
    expect(await other.ok('ESEARCH IN (mailboxes INBOX) RETURN (COUNT) RECENT')).toEqual([
      expect.stringMatching(/ COUNT 1$/),
    ])
  })

  it('is counted by STATUS, which takes it from nobody', async () => {
    const client = await connect()
    const status = () => client.ok('STATUS INBOX (RECENT)')
    expect(await status()).toEqual(['STATUS INBOX (RECENT 2)'])
    expect(await recentOf(client)).toEqual(['2 RECENT'])
    await deliver('three')
    expect(await status()).toEqual(['STATUS INBOX (RECENT 3)', '3 EXISTS', '3 RECENT'])
    const other = await connect()
    expect(await other.ok('STATUS INBOX (RECENT)')).toEqual(['STATUS INBOX (RECENT 0)'])
    await client.ok('EXAMINE INBOX')
    expect(await status()).toEqual(['STATUS INBOX (RECENT 0)'])
  })

  it('is no flag of IMAP4rev2 (RFC 9051 Appendix E)', async () => {
    const client = await connect()
    await client.ok('ENABLE IMAP4rev2')
    expect(await recentOf(client)).toEqual([])
    expect(await flagsOf(client)).toEqual(['1 ()', '2 ()'])
    expect(await recentOf(await connect())).toEqual(['0 RECENT'])
  })
})
