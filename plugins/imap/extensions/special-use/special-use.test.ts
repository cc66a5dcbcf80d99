import { describe, expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

describe('special uses', () => {
  it('are given by CREATE, told by LIST and select by it (RFC 6154)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE Outgoing (USE (\\SENT))')
    await client.ok('CREATE Plain (USE ())')
    expect(await client.ok('LIST "" "*"')).toEqual([
      'LIST (\\HasNoChildren) "/" INBOX',
      'LIST (\\HasNoChildren \\Sent) "/" Outgoing',
      'LIST (\\HasNoChildren) "/" Plain',
    ])
    expect(await client.ok('LIST (SPECIAL-USE) "" "*"')).toEqual(['LIST (\\Sent) "/" Outgoing'])
    expect(await client.ok('LIST "" "*" RETURN (SPECIAL-USE)')).toEqual([
      'LIST () "/" INBOX',
      'LIST (\\Sent) "/" Outgoing',
      'LIST () "/" Plain',
    ])
    expect(await client.ok('LIST "" "*" RETURN (CHILDREN)')).toContain('LIST (\\HasNoChildren) "/" Outgoing')
  })

  it('are taken from the mailbox that had them', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE one (USE (\\Junk))')
    await client.ok('CREATE two (USE (\\Junk \\Junk))')
    expect(await client.ok('LIST (SPECIAL-USE) "" *')).toEqual(['LIST (\\Junk) "/" two'])
  })

  it.each([
    ['CREATE a (USE (\\Important))', 'NO [USEATTR]'],
    ['CREATE a (USE (\\Sent \\Drafts))', 'NO [USEATTR]'],
    ['CREATE a (USE (\\All))', 'NO [USEATTR]'],
    ['CREATE a (USE (\\flagged))', 'NO [USEATTR]'],
    ['CREATE a (USE (Sent))', 'BAD'],
    ['CREATE a (USE \\Sent)', 'BAD'],
    ['CREATE a (USE)', 'BAD'],
  ])('%s is answered %s, and nothing is made', async (command, answer) => {
    await using system = await startImapTest()
    const client = await system.connect()
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
    expect(await client.ok('LIST "" a')).toEqual([])
  })
})
