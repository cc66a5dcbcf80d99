import { describe, expect, it, vi } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

async function start(): Promise<ImapTest> {
  const system = await startImapTest()
  await system.deliver('INBOX', ...Array.from({ length: 6 }, (_, index) => `Subject: ${index + 1}\n\nx\n`))
  return system
}

async function selected(system: ImapTest): Promise<ImapTestClient> {
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return client
}

async function expunge(system: ImapTest, ...uids: readonly number[]): Promise<void> {
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.expunge(uids)
  await mailbox.close()
}

async function flag(system: ImapTest, change: 'add' | 'remove', ...uids: readonly number[]): Promise<void> {
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.changeFlags(uids, change === 'add' ? { add: ['\\Flagged'] } : { remove: ['\\Flagged'] })
  await mailbox.close()
}

/** ESEARCH lines, without what is the same in all of them. */
function updates(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^ESEARCH \(TAG "t3"\) (.*)$/.exec(line)?.[1] ?? [])
}

describe('UPDATE of SEARCH', () => {
  it('tells of flags that others and the client change, of new messages and of expunged ones', async () => {
    await using system = await start()
    const client = await selected(system)
    expect(await client.ok('UID SEARCH RETURN (UPDATE COUNT) FLAGGED')).toEqual([
      'ESEARCH (TAG "t3") UID COUNT 0',
    ])
    await flag(system, 'add', 2, 3, 5)
    expect(await client.ok('NOOP')).toEqual([
      expect.stringContaining('2 FETCH'),
      expect.stringContaining('3 FETCH'),
      expect.stringContaining('5 FETCH'),
      'ESEARCH (TAG "t3") UID ADDTO (0 2:3,5)',
    ])
    expect(updates(await client.ok('STORE 1,3 -FLAGS (\\Flagged)'))).toEqual(['UID REMOVEFROM (0 3)'])
    expect(updates(await client.ok('STORE 6 FLAGS.SILENT (\\Flagged)'))).toEqual(['UID ADDTO (0 6)'])
    await expunge(system, 2, 4)
    expect(await client.ok('NOOP')).toEqual([
      'ESEARCH (TAG "t3") UID REMOVEFROM (0 2)',
      '4 EXPUNGE',
      '2 EXPUNGE',
    ])
    expect(updates(await client.ok('UID STORE 5,1 FLAGS (\\Seen)'))).toEqual(['UID REMOVEFROM (0 5)'])
    await system.deliver('INBOX', 'Subject: new\n\n')
    expect(updates(await client.ok('NOOP'))).toEqual([])
  })

  it('numbers are those before what is expunged, and after what is new', async () => {
    await using system = await start()
    const client = await selected(system)
    expect(await client.ok('SEARCH RETURN (UPDATE) ALL')).toEqual(['ESEARCH (TAG "t3")'])
    await expunge(system, 1, 2, 5)
    await system.deliver('INBOX', 'Subject: new\n\n')
    expect(await client.ok('NOOP')).toEqual([
      'ESEARCH (TAG "t3") REMOVEFROM (0 1:2,5)',
      '5 EXPUNGE',
      '2 EXPUNGE',
      '1 EXPUNGE',
      '4 EXISTS',
      'ESEARCH (TAG "t3") ADDTO (0 4)',
    ])
  })

  it('sequence numbers mean what they meant, and UIDs up to the last go on', async () => {
    await using system = await start()
    const client = await selected(system)
    await client.ok('UID SEARCH RETURN (UPDATE) 1:2 FLAGGED')
    await client.ok('UID SEARCH RETURN (UPDATE) UID 6:* FLAGGED')
    await expunge(system, 1)
    await client.ok('NOOP')
    await flag(system, 'add', 2, 3, 6)
    expect((await client.ok('NOOP')).filter((line) => line.startsWith('ESEARCH'))).toEqual([
      'ESEARCH (TAG "t3") UID ADDTO (0 2)',
      'ESEARCH (TAG "t4") UID ADDTO (0 6)',
    ])
    const flagged = await system.mail.openMailbox('INBOX')
    await system.deliver('INBOX', 'Subject: new\n\n')
    await flagged.refresh()
    await flagged.changeFlags([7], { add: ['\\Flagged'] })
    await flagged.close()
    expect((await client.ok('NOOP')).filter((line) => line.startsWith('ESEARCH'))).toEqual([
      'ESEARCH (TAG "t4") UID ADDTO (0 7)',
    ])
  })

  it('looks into new messages', async () => {
    await using system = await start()
    const client = await selected(system)
    await client.ok('SEARCH RETURN (UPDATE) OR BODY needle SUBJECT needle')
    await system.deliver('INBOX', 'Subject: 7\n\na needle\n', 'Subject: 8\n\nhay\n', 'Subject: needle\n\nx\n')
    expect(updates(await client.ok('NOOP'))).toEqual(['ADDTO (0 7,9)'])
  })

  it('fetches what is new where it is asked to', async () => {
    await using system = await start()
    const client = await selected(system)
    await client.ok('SEARCH RETURN (COUNT UPDATE (UID BODY[HEADER.FIELDS (SUBJECT)])) SUBJECT new')
    await system.deliver('INBOX', 'Subject: new\n\nx\n', 'Subject: 8\n\nx\n')
    expect(await client.ok('NOOP')).toEqual([
      '8 EXISTS',
      '7 FETCH (UID 7 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: new\r\n\r\n)',
      'ESEARCH (TAG "t3") ADDTO (0 7)',
    ])
    await client.ok('UID SEARCH RETURN (UPDATE(FLAGS)) FLAGGED')
    expect((await client.ok('STORE 1 FLAGS (\\Flagged)')).at(-1)).toBe('ESEARCH (TAG "t5") UID ADDTO (0 1)')
    expect(await client.ok('FETCH 7 FLAGS')).toEqual(['7 FETCH (FLAGS ())'])
    for (const items of ['()', '(BOGUS)', '(UID'])
      expect((await client.command(`SEARCH RETURN (UPDATE ${items}) ALL`)).tagged).toMatch(/^BAD/)
  })

  it('ends with the mailbox and with CANCELUPDATE', async () => {
    await using system = await start()
    const client = await selected(system)
    await client.ok('SEARCH RETURN (UPDATE) FLAGGED')
    await client.ok('SEARCH RETURN (UPDATE) FLAGGED')
    expect((await client.command('CANCELUPDATE "t3" "none"')).tagged).toMatch(/^NO/)
    expect((await client.command('CANCELUPDATE "t3"')).tagged).toBe('OK No further updates')
    expect((await client.command('CANCELUPDATE "t3"')).tagged).toMatch(/^NO/)
    expect((await client.command('CANCELUPDATE')).tagged).toMatch(/^BAD/)
    expect((await client.ok('STORE 1 FLAGS (\\Flagged)')).at(-1)).toBe('ESEARCH (TAG "t4") ADDTO (0 1)')
    await client.ok('SELECT INBOX')
    expect((await client.command('CANCELUPDATE "t4"')).tagged).toMatch(/^NO/)
    expect(await client.ok('STORE 1 FLAGS ()')).toHaveLength(1)
  })

  it('a tag is used once, and there is an end to contexts', async () => {
    await using system = await start()
    const { dialogue } = await selected(system)
    dialogue.send('same SEARCH RETURN (UPDATE) ALL')
    await dialogue.expect('* ESEARCH (TAG "same")')
    await dialogue.expect(/^same OK/)
    dialogue.send('same SEARCH RETURN (UPDATE) ALL')
    await dialogue.expect(/^same BAD/)
    for (let count = 2; count <= 16; count += 1) {
      dialogue.send(`u${count} SEARCH RETURN (UPDATE) ALL`)
      await dialogue.expect(/ESEARCH/)
      await dialogue.expect(/^u\d+ OK/)
    }
    dialogue.send('more SEARCH RETURN (UPDATE COUNT) ALL')
    await dialogue.expect('* ESEARCH (TAG "more") COUNT 6')
    await dialogue.expect(/^\* NO \[NOUPDATE "more"\] /)
    await dialogue.expect(/^more OK/)
    dialogue.send('c CANCELUPDATE "same"')
    await dialogue.expect(/^c OK/)
    dialogue.send('more SEARCH RETURN (UPDATE) ALL')
    await dialogue.expect('* ESEARCH (TAG "more")')
    await dialogue.expect(/^more OK/)
  })

  it('ends where the search fails', async () => {
    await using system = await start()
    const client = await selected(system)
    await client.ok('SEARCH RETURN (UPDATE) BODY x')
    const mailbox = await system.mail.openMailbox('INBOX')
    const read = vi.spyOn(Object.getPrototypeOf(mailbox), 'search').mockRejectedValue(new Error('disk'))
    await system.deliver('INBOX', 'Subject: 7\n\nx\n')
    const lines = await client.ok('NOOP')
    read.mockRestore()
    expect(lines.at(-1)).toMatch(/^NO \[NOUPDATE "t3"\] /)
    await system.deliver('INBOX', 'Subject: 8\n\nx\n')
    expect(updates(await client.ok('NOOP'))).toEqual([])
  })
})

it('CONTEXT is a hint', async () => {
  await using system = await start()
  const client = await selected(system)
  expect(await client.ok('SEARCH RETURN (CONTEXT) 2:3')).toEqual(['ESEARCH (TAG "t3") ALL 2:3'])
  expect(await client.ok('SEARCH RETURN (CONTEXT COUNT) 2:3')).toEqual(['ESEARCH (TAG "t4") COUNT 2'])
})

describe('UPDATE of SORT', () => {
  it('tells the places', async () => {
    await using system = await start()
    await flag(system, 'add', 1, 2, 4)
    const client = await selected(system)
    expect(await client.ok('UID SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 FLAGGED')).toEqual([
      'ESEARCH (TAG "t3") UID ALL 4,2,1',
    ])
    await flag(system, 'add', 3, 5, 6)
    // 6 5 4 3 2 1
    expect(updates(await client.ok('NOOP'))).toEqual(['UID ADDTO (1 6,5 4 3)'])
    await flag(system, 'remove', 6, 2, 1)
    // 5 4 3
    expect(updates(await client.ok('NOOP'))).toEqual(['UID REMOVEFROM (5 2,1 1 6)'])
    await expunge(system, 4)
    expect(updates(await client.ok('NOOP'))).toEqual(['UID REMOVEFROM (2 4)'])
  })

  it('in sequence numbers too', async () => {
    await using system = await start()
    await flag(system, 'add', 2, 4)
    const client = await selected(system)
    expect(await client.ok('SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 FLAGGED')).toEqual([
      'ESEARCH (TAG "t3") ALL 4,2',
    ])
    await expunge(system, 1, 4)
    await flag(system, 'add', 3, 6)
    // 6 3 2 by UID, 4 2 1 by number
    expect(updates(await client.ok('NOOP'))).toEqual(['REMOVEFROM (1 4)', 'ADDTO (1 4,2)'])
  })
})
