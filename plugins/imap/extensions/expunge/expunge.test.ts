import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let client: ImapTestClient

async function prepare(options: Parameters<typeof startImapTest>[0] = {}): Promise<void> {
  system = await startImapTest(options)
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.deliver('INBOX', ...[1, 2, 3, 4, 5].map((number) => `Subject: ${number}\n\n`))
  await mark(2, 3, 5)
  client = await system.connect()
  await client.ok('SELECT INBOX')
}

async function mark(...uids: readonly number[]): Promise<void> {
  await (await system.mail.openMailbox('INBOX')).changeFlags(uids, { add: ['\\Deleted'] })
}

async function left(): Promise<readonly number[]> {
  return (await system.mail.openMailbox('INBOX')).entries.map(({ uid }) => uid)
}

describe('EXPUNGE (RFC 9051 §6.4.3)', () => {
  beforeEach(() => prepare())

  it('removes what is marked, and tells the numbers one after the other', async () => {
    const { untagged, tagged } = await client.command('EXPUNGE')
    expect(untagged).toEqual(['5 EXPUNGE', '3 EXPUNGE', '2 EXPUNGE'])
    expect(tagged).toMatch(/^OK Expunged/)
    expect(await left()).toEqual([1, 4])
    expect((await client.command('EXPUNGE')).tagged).toMatch(/^OK /)
  })

  it('removes also what others have marked meanwhile, and not what they have not any more', async () => {
    await mark(4)
    await (await system.mail.openMailbox('INBOX')).changeFlags([2], { remove: ['\\Deleted'] })
    await client.ok('EXPUNGE')
    expect(await left()).toEqual([1, 2])
  })

  it('removes also what the client was never shown, without a word of it', async () => {
    await system.deliver('INBOX', 'Subject: 6\n\n')
    await mark(6)
    const untagged = await client.ok('EXPUNGE')
    expect(untagged.filter((line) => line.endsWith('EXPUNGE'))).toEqual([
      '5 EXPUNGE',
      '3 EXPUNGE',
      '2 EXPUNGE',
    ])
    expect(await left()).toEqual([1, 4])
  })

  it('tells UIDs and the mod-sequence where QRESYNC is enabled (RFC 7162 §3.2.7)', async () => {
    await client.ok('ENABLE QRESYNC')
    const { untagged, tagged } = await client.command('EXPUNGE')
    expect(untagged).toEqual(['VANISHED 2:3,5'])
    expect(tagged).toContain(`[HIGHESTMODSEQ ${(await system.mail.openMailbox('INBOX')).highestModSequence}]`)
    // Others may have removed what the client is told of.
    const inbox = await system.mail.openMailbox('INBOX')
    await inbox.expunge([1])
    const second = await client.command('EXPUNGE')
    expect(second.untagged).toEqual(['VANISHED 1'])
    expect(second.tagged).toContain(`[HIGHESTMODSEQ ${inbox.highestModSequence}]`)
  })

  it('tells the mod-sequence where CONDSTORE is enabled, and not else', async () => {
    expect((await client.command('UID EXPUNGE 5')).tagged).toBe('OK Expunged')
    await client.ok('ENABLE CONDSTORE')
    const { untagged, tagged } = await client.command('EXPUNGE')
    expect(untagged).toEqual(['3 EXPUNGE', '2 EXPUNGE'])
    expect(tagged).toMatch(/^OK \[HIGHESTMODSEQ \d+\] /)
  })

  it('is refused where the mailbox is opened for reading', async () => {
    await client.ok('EXAMINE INBOX')
    for (const command of ['EXPUNGE', 'UID EXPUNGE 1:*'])
      expect((await client.command(command)).tagged).toMatch(/^NO \[READ-ONLY\] /)
    expect(await left()).toHaveLength(5)
  })

  it('is BAD with arguments, and where nothing is selected', async () => {
    expect((await client.command('EXPUNGE 1')).tagged).toMatch(/^BAD /)
    await client.ok('UNSELECT')
    expect((await client.command('EXPUNGE')).tagged).toMatch(/^BAD /)
  })
})

describe('UID EXPUNGE (RFC 4315 §2.1)', () => {
  beforeEach(() => prepare())

  it('removes only what is both marked and named', async () => {
    expect(await client.ok('UID EXPUNGE 1:3')).toEqual(['3 EXPUNGE', '2 EXPUNGE'])
    expect(await left()).toEqual([1, 4, 5])
    expect(await client.ok('UID EXPUNGE 77,100:200')).toEqual([])
    expect(await client.ok('UID EXPUNGE *')).toEqual(['3 EXPUNGE'])
  })

  it('tells the mod-sequence where QRESYNC is enabled (RFC 7162 §3.2.9)', async () => {
    await client.ok('ENABLE QRESYNC')
    const { untagged, tagged } = await client.command('UID EXPUNGE 5')
    expect(untagged).toEqual(['VANISHED 5'])
    expect(tagged).toMatch(/^OK \[HIGHESTMODSEQ \d+\] /)
  })

  it.each(['UID EXPUNGE', 'UID EXPUNGE x', 'UID EXPUNGE 1 2'])('is BAD as %s', async (command) => {
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
  })
})

describe('a limit of messages (RFC 9738)', () => {
  it('holds for UID EXPUNGE, by the messages that are marked; not for EXPUNGE', async () => {
    await prepare({ options: { maxMessagesPerCommand: 2 } })
    const { untagged, tagged } = await client.command('UID EXPUNGE 1:5')
    expect(tagged).toMatch(/^OK \[MESSAGELIMIT 2 3\] /)
    expect(untagged).toEqual(['5 EXPUNGE', '3 EXPUNGE'])
    expect((await client.command('UID EXPUNGE 1:5')).tagged).toMatch(/^OK Expunged/)
    await mark(1, 4)
    await system.deliver('INBOX', 'a: b\n\n')
    await mark(6)
    expect((await client.command('EXPUNGE')).tagged).toMatch(/^OK Expunged/)
    expect(await left()).toEqual([])
  })
})
