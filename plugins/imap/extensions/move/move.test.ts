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
  await system.mail.createMailbox('Archive')
  await system.deliver('INBOX', ...[1, 2, 3, 4, 5].map((number) => `Subject: ${number}\n\n`))
  await (await system.mail.openMailbox('INBOX')).changeFlags([2], { add: ['\\Deleted', 'Work'] })
  client = await system.connect()
  await client.ok('SELECT INBOX')
}

async function uids(name: string): Promise<readonly number[]> {
  return (await system.mail.openMailbox(name)).entries.map(({ uid }) => uid)
}

describe('MOVE (RFC 9051 §6.4.8)', () => {
  beforeEach(() => prepare())

  it('moves messages; COPYUID comes before they are gone, and no \\Deleted is set', async () => {
    const { untagged, tagged } = await client.command('MOVE 2,4 Archive')
    expect(untagged[0]).toMatch(/^OK \[COPYUID \d+ 2,4 1:2\] /)
    expect(untagged.slice(1)).toEqual(['4 EXPUNGE', '2 EXPUNGE'])
    expect(tagged).toBe('OK Moved')
    expect(await uids('INBOX')).toEqual([1, 3, 5])
    const { entries } = await system.mail.openMailbox('Archive')
    expect(entries.map(({ flags }) => flags)).toEqual([['Work', '\\Deleted'], []])
  })

  it('leaves alone what is marked, but not named', async () => {
    await client.ok('UID MOVE 3:4 Archive')
    expect(await uids('INBOX')).toEqual([1, 2, 5])
  })

  it('of nothing does nothing', async () => {
    for (const command of ['UID MOVE 77 Archive', 'UID MOVE 100:200 Nowhere']) {
      const { tagged, untagged } = await client.command(command)
      expect(tagged).toMatch(/^OK No /)
      expect(untagged).toEqual([])
    }
  })

  it('says TRYCREATE where there is no such mailbox, and moves nothing', async () => {
    expect((await client.command('MOVE 1 Nowhere')).tagged).toMatch(/^NO \[TRYCREATE\] /)
    expect(await uids('INBOX')).toHaveLength(5)
  })

  it('gives messages new UIDs in the same mailbox', async () => {
    const { untagged } = await client.command('MOVE 1 INBOX')
    expect(untagged[0]).toMatch(/^OK \[COPYUID \d+ 1 6\] /)
    expect(untagged).toContain('1 EXPUNGE')
    expect(untagged).toContain('5 EXISTS')
    expect(await uids('INBOX')).toEqual([2, 3, 4, 5, 6])
  })

  it('is refused where the mailbox is opened for reading', async () => {
    await client.ok('EXAMINE INBOX')
    expect((await client.command('MOVE 1 Archive')).tagged).toMatch(/^NO \[READ-ONLY\] /)
    expect(await uids('INBOX')).toHaveLength(5)
  })

  it.each(['CONDSTORE', 'QRESYNC'])(
    'tells the mod-sequence who has enabled %s (RFC 6851 §4.4)',
    async (name) => {
      await client.ok(`ENABLE ${name}`)
      expect((await client.command('MOVE 2,4 Archive')).tagged).toMatch(/^OK \[HIGHESTMODSEQ \d+\] /)
    },
  )

  it('moves what is left where others have expunged some', async () => {
    await client.ok('ENABLE CONDSTORE')
    await (await system.mail.openMailbox('INBOX')).expunge([1, 2])
    const some = await client.command('MOVE 2:3 Archive')
    expect(some.tagged).toMatch(/^OK \[EXPUNGEISSUED\] /)
    expect(some.untagged[0]).toMatch(/^OK \[COPYUID \d+ 3 1\] /)
    expect(some.untagged.some((line) => line.startsWith('OK [HIGHESTMODSEQ '))).toBe(true)
    expect(await uids('Archive')).toEqual([1])
    await (await system.mail.openMailbox('INBOX')).expunge([4])
    expect((await client.command('MOVE 1 Archive')).tagged).toMatch(/^NO \[EXPUNGEISSUED\] /)
    expect((await client.command('UID MOVE 4 Archive')).tagged).toMatch(/^OK No /)
  })

  it('tells with VANISHED who has enabled that', async () => {
    await client.ok('ENABLE QRESYNC')
    const { untagged, tagged } = await client.command('UID MOVE 1:3 Archive')
    expect(untagged.slice(1)).toEqual(['VANISHED 1:3'])
    const highest = (await system.mail.openMailbox('INBOX')).highestModSequence
    expect(tagged).toContain(`[HIGHESTMODSEQ ${highest}]`)
  })

  it.each(['MOVE', 'MOVE 1', 'MOVE 9 Archive', 'MOVE 1 Archive x', 'UID MOVE 1'])(
    'is BAD as %s',
    async (command) => {
      expect((await client.command(command)).tagged).toMatch(/^BAD /)
    },
  )

  it('is BAD by number where only UIDs are used', async () => {
    await client.ok('ENABLE UIDONLY')
    expect((await client.command('MOVE 1 Archive')).tagged).toMatch(/^BAD \[UIDREQUIRED\] /)
    expect((await client.command('UID MOVE 1 Archive')).untagged).toContain('VANISHED 1')
  })
})

describe('a limit of messages (RFC 9738)', () => {
  it('has the last messages moved, and says which were the last', async () => {
    await prepare({ options: { maxMessagesPerCommand: 2 } })
    const first = await client.command('UID MOVE 1:5 Archive')
    expect(first.tagged).toMatch(/^OK \[MESSAGELIMIT 2 4\] /)
    expect(first.untagged[0]).toMatch(/^OK \[COPYUID \d+ 4:5 1:2\] /)
    expect((await client.command('UID MOVE 1:5 Archive')).tagged).toMatch(/^OK \[MESSAGELIMIT 2 2\] /)
    expect((await client.command('UID MOVE 1:5 Archive')).tagged).toBe('OK Moved')
    expect(await uids('INBOX')).toEqual([])
  })

  it('stands in an untagged response where some were gone too', async () => {
    await prepare({ options: { maxMessagesPerCommand: 2 } })
    await (await system.mail.openMailbox('INBOX')).expunge([5])
    const { tagged, untagged } = await client.command('MOVE 1:5 Archive')
    expect(tagged).toMatch(/^OK \[EXPUNGEISSUED\] /)
    expect(untagged.some((line) => line.startsWith('NO [MESSAGELIMIT 2 4] '))).toBe(true)
  })
})
