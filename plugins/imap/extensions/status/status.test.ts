import type { ImapExtension } from 'mailwright/imap'
import { describe, expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

describe('STATUS', () => {
  it('tells what is asked for, in that order, each once', async () => {
    await using system = await startImapTest()
    await system.deliver('INBOX', 'Subject: 1\n\nx\n', 'Subject: 2\n\nxy\n')
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    await client.ok('STORE 1 +FLAGS (\\Seen \\Deleted)')
    expect(await client.ok('STATUS inbox (unseen MESSAGES UIDNEXT DELETED SIZE RECENT SIZE)')).toEqual([
      'STATUS INBOX (UNSEEN 1 MESSAGES 2 UIDNEXT 3 DELETED 1 SIZE 35 RECENT 2)',
    ])
    const [line] = await client.ok('STATUS INBOX (UIDVALIDITY)')
    expect(line).toMatch(/^STATUS INBOX \(UIDVALIDITY [1-9]\d*\)$/)
  })

  it('is of what is there, also where the client of the selected mailbox was not told of it yet', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    await system.deliver('INBOX', 'Subject: 1\n\nx\n')
    const [first] = await client.ok('STATUS INBOX (MESSAGES)')
    expect(first).toBe('STATUS INBOX (MESSAGES 1)')
  })

  it('switches mod-sequences on where it tells them (RFC 7162 §3.1)', async () => {
    const enabled: string[] = []
    const condstore: ImapExtension = {
      name: 'some-condstore',
      enables: {
        CONDSTORE: (session) => {
          session.enabled.add('CONDSTORE')
          enabled.push('CONDSTORE')
        },
      },
    }
    await using system = await startImapTest({ extensions: [condstore] })
    const client = await system.connect()
    await client.ok('STATUS INBOX (MESSAGES)')
    expect(enabled).toEqual([])
    expect(await client.ok('STATUS INBOX (HIGHESTMODSEQ)')).toEqual(['STATUS INBOX (HIGHESTMODSEQ 1)'])
    await client.ok('STATUS INBOX (HIGHESTMODSEQ)')
    expect(enabled).toEqual(['CONDSTORE'])
  })

  it('leaves out what has no value', async () => {
    const third: ImapExtension = {
      name: 'third',
      statusItems: { NOTHING: () => undefined, LATER: async ({ messages }) => `${messages + 1}` },
    }
    await using system = await startImapTest({ extensions: [third] })
    const client = await system.connect()
    expect(await client.ok('STATUS INBOX (NOTHING LATER)')).toEqual(['STATUS INBOX (LATER 1)'])
    expect(await client.ok('STATUS INBOX (NOTHING)')).toEqual(['STATUS INBOX ()'])
  })

  it.each([
    ['STATUS nowhere (MESSAGES)', 'NO [NONEXISTENT]'],
    ['STATUS "Other Users/bob@example.org/INBOX" (MESSAGES)', 'NO [NONEXISTENT]'],
    ['STATUS "a//b" (MESSAGES)', 'NO [CANNOT]'],
    ['STATUS', 'BAD'],
    ['STATUS INBOX', 'BAD'],
    ['STATUS INBOX MESSAGES', 'BAD'],
    ['STATUS INBOX ()', 'BAD'],
    ['STATUS INBOX (BLURB)', 'BAD'],
    ['STATUS INBOX (MESSAGES ', 'BAD'],
    ['STATUS INBOX (MESSAGES) x', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await startImapTest({ others: ['bob@example.org'] })
    const client = await system.connect()
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
  })
})
