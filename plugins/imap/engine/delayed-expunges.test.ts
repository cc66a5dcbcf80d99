import { describe, expect, test } from 'vitest'
import { type ImapTest, type ImapTestClient, startImapTest } from '../../../test/support/imap/imap-session.ts'

interface Setting {
  readonly system: ImapTest
  readonly client: ImapTestClient
  /** What the mailbox's mod-sequence was when it was opened. */
  readonly highest: number
}

/** A client that has not been told yet that the second of four messages is gone. */
async function started(enabling?: string): Promise<Setting> {
  const system = await startImapTest()
  await system.deliver('INBOX', ...[1, 2, 3, 4].map((number) => `Subject: ${number}\n\ntext\n`))
  const client = await system.connect()
  if (enabling !== undefined) await client.ok(`ENABLE ${enabling}`)
  await client.ok('SELECT INBOX')
  const mailbox = await system.mail.openMailbox('INBOX')
  const highest = mailbox.highestModSequence
  await mailbox.expunge([2])
  await mailbox.close()
  await client.ok('FETCH 1 UID')
  return { system, client, highest }
}

describe('while expunges wait the client hears up to where it knows everything (RFC 7162 §3.2, §6)', () => {
  test.each(['CONDSTORE', 'QRESYNC'])(
    'with each command that keeps numbers, after ENABLE %s',
    async (enabling) => {
      const { system, client, highest } = await started(enabling)
      await using _ = system
      const settled = `OK [HIGHESTMODSEQ ${highest}] Everything is told up to there`
      expect((await client.ok('STORE 1 +FLAGS (\\Flagged)')).slice(1)).toEqual([settled])
      expect((await client.ok('FETCH 1 MODSEQ')).slice(1)).toEqual([settled])
      const told = await client.ok('NOOP')
      expect(told).toEqual([enabling === 'QRESYNC' ? 'VANISHED 2' : '2 EXPUNGE'])
      expect(await client.ok('FETCH 1 MODSEQ')).toHaveLength(1)
    },
  )

  test('and others hear nothing of it', async () => {
    const { system, client } = await started()
    await using _ = system
    expect(await client.ok('STORE 1 +FLAGS (\\Flagged)')).toEqual(['1 FETCH (UID 1 FLAGS (\\Flagged))'])
  })
})

describe('VANISHED is told by UID commands, but by none that has message numbers in it (RFC 7162 §3.2.10.2)', () => {
  test.each([
    'UID SEARCH 1:3',
    'UID SEARCH UID 1:* NOT (OR 2 SEEN)',
    'UID SORT (ARRIVAL) UTF-8 1:3',
    'UID THREAD REFERENCES UTF-8 1:3',
    'ESEARCH 1:3',
  ])('%s', async (command) => {
    const { system, client } = await started('QRESYNC')
    await using _ = system
    const untagged = await client.ok(command)
    expect(untagged.filter((line) => line.startsWith('VANISHED'))).toEqual([])
    expect(await client.ok('UID SEARCH UID 1:3')).toContain('VANISHED 2')
  })
})

test('a FETCH that marks messages tells UID and mod-sequence (RFC 7162 §3.2.4)', async () => {
  await using system = await startImapTest()
  await system.deliver('INBOX', 'Subject: 1\n\ntext\n')
  const client = await system.connect()
  await client.ok('ENABLE CONDSTORE')
  await client.ok('SELECT INBOX')
  expect(await client.ok('FETCH 1 BODY[TEXT]')).toEqual([
    expect.stringMatching(
      /^1 FETCH \(UID 1 FLAGS \(\\Seen\) MODSEQ \(\d+\) BODY\[TEXT\] \{6\}\r\ntext\r\n\)$/,
    ),
  ])
})

test('quoted strings that are not UTF-8 are mistakes once the client has enabled it (RFC 6855 §3)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  client.sendsOctets = true
  await client.ok('ENABLE UTF8=ACCEPT')
  for (const command of [
    'CREATE "\xff"',
    'LIST "" "\xff*"',
    'ID ("name" "\xff")',
    'STATUS "a\xc3" (MESSAGES)',
  ])
    expect((await client.command(command)).tagged, command).toMatch(/^BAD /)
  await client.ok('CREATE "\xc3\xbc"')
})
