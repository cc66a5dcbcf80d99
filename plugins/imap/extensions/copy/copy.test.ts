import { bufferContent } from 'mailwright'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { limitedAccount } from '../../../../test/support/imap/imap-quota.ts'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let client: ImapTestClient

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.mail.createMailbox('Archive')
  await system.deliver('Archive', 'Subject: old\n\n')
  await system.deliver('INBOX', ...[1, 2, 3, 4, 5].map((number) => `Subject: ${number}\n\n`))
  const inbox = await system.mail.openMailbox('INBOX')
  await inbox.expunge([2])
  await inbox.changeFlags([3], { add: ['\\Flagged', 'Work'] })
  client = await system.connect()
  await client.ok('SELECT INBOX')
})

/** What a mailbox holds: UIDs and subjects. */
async function held(name: string): Promise<readonly string[]> {
  const mailbox = await system.mail.openMailbox(name)
  const found: string[] = []
  for await (const { uid, header } of mailbox.summaries(mailbox.entries.map(({ uid }) => uid)))
    found.push(`${uid} ${header.first('subject')?.text}`)
  return found
}

describe('COPY (RFC 9051 §6.4.7)', () => {
  it('copies with flags and date, and tells where to', async () => {
    const { tagged, untagged } = await client.command('COPY 1,2:3 Archive')
    expect(tagged).toMatch(/^OK \[COPYUID \d+ 1,3:4 2:4\] /)
    expect(untagged).toEqual([])
    expect(await held('Archive')).toEqual(['1 old', '2 1', '3 3', '4 4'])
    const [from, to] = [await system.mail.openMailbox('INBOX'), await system.mail.openMailbox('Archive')]
    expect(to.entries[2]).toMatchObject({
      flags: ['Work', '\\Flagged'],
      internalDate: from.entries[1]?.internalDate,
    })
  })

  it('copies by UID what is there of it, which may be nothing', async () => {
    expect((await client.command('UID COPY 2:3,5,77 Archive')).tagged).toMatch(/^OK \[COPYUID \d+ 3,5 2:3\] /)
    for (const set of ['2', '77', '100:200']) {
      const { tagged } = await client.command(`UID COPY ${set} Archive`)
      expect(tagged).toMatch(/^OK No /)
    }
    expect((await client.command('UID COPY 4:* Archive')).tagged).toMatch(/^OK \[COPYUID \d+ 4:5 /)
  })

  it('shows copies in the selected mailbox itself at once', async () => {
    const { tagged, untagged } = await client.command('COPY 2 INBOX')
    expect(tagged).toMatch(/^OK \[COPYUID \d+ 3 6\] /)
    expect(untagged).toContain('5 EXISTS')
  })

  it('says TRYCREATE where there is no such mailbox', async () => {
    for (const command of ['COPY 1 Nowhere', 'UID COPY 1:* Nowhere'])
      expect((await client.command(command)).tagged).toMatch(/^NO \[TRYCREATE\] /)
    expect((await client.command('COPY 1 "a//b"')).tagged).toMatch(/^NO \[/)
  })

  it('copies nothing where others have expunged some of what is numbered', async () => {
    await (await system.mail.openMailbox('INBOX')).expunge([3])
    expect((await client.command('COPY 1:2 Archive')).tagged).toMatch(/^NO \[EXPUNGEISSUED\] /)
    expect(await held('Archive')).toEqual(['1 old'])
    expect((await client.command('COPY 1:2 Archive')).tagged).toMatch(/^OK \[COPYUID \d+ 1,4 /)
  })

  it('works from a mailbox that is opened for reading', async () => {
    await client.ok('EXAMINE INBOX')
    expect((await client.command('COPY 1 Archive')).tagged).toMatch(/^OK /)
  })

  it.each([
    'COPY',
    'COPY 1',
    'COPY 1 Archive x',
    'COPY 9 Archive',
    'COPY 0 Archive',
    'COPY x Archive',
    'UID COPY 1',
  ])('is BAD as %s', async (command) => {
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
  })

  it('is BAD without a mailbox that is selected, and by number where only UIDs are used', async () => {
    await client.ok('ENABLE UIDONLY')
    expect((await client.command('COPY 1 Archive')).tagged).toMatch(/^BAD \[UIDREQUIRED\] /)
    expect((await client.command('UID COPY 1 Archive')).tagged).toMatch(/^OK /)
    await client.ok('CLOSE')
    expect((await client.command('COPY 1 Archive')).tagged).toMatch(/^BAD /)
  })

  it('takes the result of a search, which may be empty (RFC 5182)', async () => {
    await client.ok('SEARCH RETURN (SAVE) KEYWORD Work')
    expect((await client.command('COPY $ Archive')).tagged).toMatch(/^OK \[COPYUID \d+ 3 2\] /)
    await client.ok('SEARCH RETURN (SAVE) KEYWORD None')
    expect((await client.command('UID COPY $ Archive')).tagged).toMatch(/^OK No /)
  })

  it('stays within the quota', async () => {
    await using limited = await limitedAccount(10_000)
    const six = { content: bufferContent(Buffer.alloc(6_000, 'x')) }
    await limited.mail.append('INBOX', [six])
    await limited.mail.createMailbox('Archive')
    await limited.client.ok('SELECT INBOX')
    expect((await limited.client.command('COPY 1 Archive')).tagged).toMatch(/^NO \[OVERQUOTA\] /)
    // RFC 6851 §4.1.
    expect((await limited.client.command('MOVE 1 Archive')).tagged).toMatch(/^OK /)
  })
})
