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
  await system.mail.createMailbox('Sent')
  await system.deliver('INBOX', ...[1, 2, 3, 4].map((number) => `Subject: ${number}\n\n`))
  await (await system.mail.openMailbox('INBOX')).changeFlags([2, 3], { add: ['\\Deleted', 'Old'] })
  client = await system.connect()
  await client.ok('SELECT INBOX')
})

const text = 'Subject: new\r\n\r\n'
const plus = (octets: string): string => `{${octets.length}+}\r\n${octets}`

async function held(name: string): Promise<readonly string[]> {
  const mailbox = await system.mail.openMailbox(name)
  const found: string[] = []
  for await (const { uid, header } of mailbox.summaries(mailbox.entries.map(({ uid }) => uid)))
    found.push(`${uid} ${header.first('subject')?.text}`)
  return found
}

describe('REPLACE (RFC 8508)', () => {
  it('puts a message in the place of another, and tells of it before that is gone', async () => {
    const { untagged, tagged } = await client.command(`REPLACE 2 INBOX (\\Seen) ${plus(text)}`)
    expect(tagged).toBe('OK Replaced')
    expect(untagged[0]).toMatch(/^OK \[APPENDUID \d+ 5\] /)
    expect(untagged.slice(1)).toEqual(['2 EXPUNGE', '4 EXISTS'])
    expect(await held('INBOX')).toEqual(['1 1', '3 3', '4 4', '5 new'])
    const { entries } = await system.mail.openMailbox('INBOX')
    expect(entries.at(-1)?.flags, 'nothing is taken over').toEqual(['\\Seen'])
  })

  it('may put it into another mailbox, with a date, by UID', async () => {
    const date = '" 1-Jan-2015 00:05:00 -0500"'
    const { untagged } = await client.command(`UID REPLACE 3 Sent ${date} ${plus(text)}`)
    expect(untagged[0]).toMatch(/^OK \[APPENDUID \d+ 1\] /)
    expect(untagged.slice(1)).toEqual(['3 EXPUNGE'])
    expect(await held('INBOX')).toEqual(['1 1', '2 2', '4 4'])
    expect(await held('Sent')).toEqual(['1 new'])
    const { entries } = await system.mail.openMailbox('Sent')
    expect(entries[0]?.internalDate).toEqual(new Date('2015-01-01T05:05:00Z'))
  })

  it('takes the last message as *, and a large one too', async () => {
    const large = `Subject: large\r\n\r\n${'x'.repeat(6_000)}`
    expect((await client.command(`REPLACE * INBOX {${large.length}}`, large)).tagged).toMatch(/^OK /)
    expect((await client.command(`UID REPLACE * INBOX {${text.length}}`, text)).tagged).toMatch(/^OK /)
    expect(await held('INBOX')).toEqual(['1 1', '2 2', '3 3', '6 new'])
  })

  it('takes messages that are put together (RFC 8508 §4.2)', async () => {
    const { tagged } = await client.command(
      `UID REPLACE 1 INBOX CATENATE (URL "/INBOX/;UID=1" TEXT ${plus('more')})`,
    )
    expect(tagged).toMatch(/^OK /)
    const mailbox = await system.mail.openMailbox('INBOX')
    const content = await mailbox.content(5)
    expect(String(await content.read(0, 100))).toBe('Subject: 1\r\n\r\nmore')
    expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2, 3, 4, 5])
  })

  it('tells the mod-sequence where QRESYNC is enabled', async () => {
    await client.ok('ENABLE QRESYNC')
    const { untagged, tagged } = await client.command(`REPLACE 1 INBOX ${plus(text)}`)
    expect(untagged).toContain('VANISHED 1')
    expect(tagged).toContain(`[HIGHESTMODSEQ ${(await system.mail.openMailbox('INBOX')).highestModSequence}]`)
  })

  it('changes nothing where it cannot be done', async () => {
    const before = await held('INBOX')
    expect((await client.command(`REPLACE 1 Nowhere ${plus(text)}`)).tagged).toMatch(/^NO \[TRYCREATE\] /)
    expect((await client.command(`UID REPLACE 77 INBOX ${plus(text)}`)).tagged).toMatch(
      /^NO \[NONEXISTENT\] /,
    )
    expect((await client.command('REPLACE 1 INBOX {0+}\r\n')).tagged).toMatch(/^NO /)
    expect((await client.command(`REPLACE 1 INBOX CATENATE (URL "/x/;UID=1")`)).tagged).toMatch(
      /^NO \[BADURL /,
    )
    await (await system.mail.openMailbox('INBOX')).expunge([4])
    expect((await client.command(`REPLACE 4 INBOX ${plus(text)}`)).tagged).toMatch(/^NO \[NONEXISTENT\] /)
    expect(await held('INBOX')).toEqual(before.slice(0, 3))
  })

  it('says so before a large message is sent', async () => {
    const large = 'x'.repeat(5_000)
    for (const [command, code] of [
      ['REPLACE 1 Nowhere', 'TRYCREATE'],
      ['UID REPLACE 77 INBOX', 'NONEXISTENT'],
    ]) {
      const { tagged } = await client.command(`${command} {5000}`, large)
      expect(tagged.startsWith(`NO [${code}] `)).toBe(true)
    }
    expect((await client.command('REPLACE 9 INBOX {5000}', large)).tagged).toMatch(/^BAD /)
    await client.ok('EXAMINE INBOX')
    expect((await client.command('REPLACE 1 INBOX {5000}', large)).tagged).toMatch(/^NO \[READ-ONLY\] /)
    expect((await client.command(`REPLACE 1 INBOX ${plus(text)}`)).tagged).toMatch(/^NO \[READ-ONLY\] /)
  })

  it.each([
    'REPLACE',
    'REPLACE 1',
    'REPLACE 1 INBOX',
    `REPLACE 1:2 INBOX ${plus(text)}`,
    `REPLACE 1,2 INBOX ${plus(text)}`,
    `REPLACE $ INBOX ${plus(text)}`,
    `REPLACE 9 INBOX ${plus(text)}`,
    `REPLACE 1 INBOX ${plus(text)} ${plus(text)}`,
    `UID REPLACE 0 INBOX ${plus(text)}`,
  ])('is BAD as %j', async (command) => {
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
    expect(await held('INBOX')).toHaveLength(4)
  })

  it('is BAD where nothing is selected (RFC 8508 §3.5), and by number where only UIDs are used', async () => {
    await client.ok('ENABLE UIDONLY')
    expect((await client.command(`REPLACE 1 INBOX ${plus(text)}`)).tagged).toMatch(/^BAD \[UIDREQUIRED\] /)
    await client.ok('UNSELECT')
    expect((await client.command(`UID REPLACE 1 INBOX ${plus(text)}`)).tagged).toMatch(/^BAD /)
  })

  it('needs room only for what the new message is larger (RFC 8508 §3.4)', async () => {
    await using limited = await limitedAccount(10_000)
    const draft = (size: number): string => plus(`Subject: draft\r\n\r\n${'x'.repeat(size)}`)
    await limited.mail.append('INBOX', [{ content: bufferContent(Buffer.alloc(9_000, 'x')) }])
    await limited.client.ok('SELECT INBOX')
    expect((await limited.client.command(`APPEND INBOX ${draft(5_000)}`)).tagged).toMatch(
      /^NO \[OVERQUOTA\] /,
    )
    for (const size of [9_500, 9_500, 3_000, 9_000])
      expect((await limited.client.command(`REPLACE 1 INBOX ${draft(size)}`)).tagged).toMatch(/^OK /)
    expect((await limited.client.command(`REPLACE 1 INBOX ${draft(10_000)}`)).tagged).toMatch(
      /^NO \[OVERQUOTA\] /,
    )
    expect((await limited.mail.usage()).messages).toBe(1)
  })

  it('counts what goes for the quota of whom both mailboxes belong to', async () => {
    await using limited = await limitedAccount(10_000)
    const draft = (size: number): string => plus(`Subject: draft\r\n\r\n${'x'.repeat(size)}`)
    const guest = await limited.guest()
    await limited.client.ok('CREATE Work')
    await limited.client.ok('SETACL Work bob@example.org lrswipkxte')
    await limited.mail.append('Work', [{ content: bufferContent(Buffer.alloc(9_000, 'x')) }])
    await guest.ok(`APPEND INBOX ${draft(9_000)}`)
    const work = '"Other Users/ann@example.org/Work"'
    await guest.ok('SELECT INBOX')
    expect((await guest.command(`REPLACE 1 ${work} ${draft(9_000)}`)).tagged).toMatch(/^NO \[OVERQUOTA\] /)
    await guest.ok(`SELECT ${work}`)
    expect((await guest.command(`REPLACE 1 ${work} ${draft(9_500)}`)).tagged).toMatch(/^OK /)
    expect((await guest.command(`REPLACE 1 ${work} ${draft(10_000)}`)).tagged).toMatch(/^NO \[OVERQUOTA\] /)
  })

  it('says TRYCREATE also where the message could not be put together', async () => {
    const { tagged } = await client.command('REPLACE 1 Nowhere CATENATE (URL "/x/;UID=1")')
    expect(tagged).toMatch(/^NO \[TRYCREATE\] /)
  })
})
