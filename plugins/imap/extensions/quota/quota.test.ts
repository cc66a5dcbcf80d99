import { bufferContent } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { limitedAccount } from '../../../../test/support/imap/imap-quota.ts'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

const message = `Subject: x\r\n\r\n${'y'.repeat(1_086)}`

describe('a quota', () => {
  it('is told with what is used, in units of 1,024 octets (RFC 9208 §5.1)', async () => {
    await using system = await limitedAccount(10_240)
    const { client } = system
    expect(await client.ok('GETQUOTAROOT INBOX')).toEqual(['QUOTAROOT INBOX ""', 'QUOTA "" (STORAGE 0 10)'])
    await system.mail.append('INBOX', [{ content: bufferContent(Buffer.from(message)) }])
    expect(await client.ok('GETQUOTA ""')).toEqual(['QUOTA "" (STORAGE 2 10)'])
    // RFC 9208 §4.1.2: there need not be such a mailbox.
    expect(await client.ok('GETQUOTAROOT "not there"')).toEqual([
      'QUOTAROOT "not there" ""',
      'QUOTA "" (STORAGE 2 10)',
    ])
  })

  it('is not shown as exceeded where it is not', async () => {
    await using system = await limitedAccount(10_000)
    await system.mail.append('INBOX', [{ content: bufferContent(Buffer.alloc(9_900, 'x')) }])
    expect(await system.client.ok('GETQUOTA ""')).toEqual(['QUOTA "" (STORAGE 10 10)'])
  })

  it('is not one’s own for mailboxes of others', async () => {
    await using system = await limitedAccount(10_240)
    for (const name of ['"Other Users/bob@example.org/x"', 'Shared/x'])
      expect(await system.client.ok(`GETQUOTAROOT ${name}`)).toEqual([`QUOTAROOT ${name}`])
  })

  it('is not there where the account has no limit', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    expect(await client.ok('GETQUOTAROOT INBOX')).toEqual(['QUOTAROOT INBOX'])
    expect((await client.command('GETQUOTA ""')).tagged).toMatch(/^NO \[NONEXISTENT\] /)
  })

  it.each([
    ['GETQUOTA other', 'NO [NONEXISTENT]'],
    ['SETQUOTA "" (STORAGE 512)', 'NO [NOPERM]'],
    ['SETQUOTA "" ()', 'NO [NOPERM]'],
    ['SETQUOTA ""', 'BAD'],
    ['SETQUOTA "" (STORAGE)', 'BAD'],
    ['SETQUOTA "" STORAGE 512', 'BAD'],
    ['GETQUOTA', 'BAD'],
    ['GETQUOTAROOT', 'BAD'],
    ['GETQUOTAROOT INBOX x', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await limitedAccount(10_240)
    expect((await system.client.command(command)).tagged.startsWith(answer)).toBe(true)
  })
})

it('DELETED-STORAGE is what an EXPUNGE would set free, as RFC822.SIZE has it (RFC 9208 §4.1.4)', async () => {
  await using system = await startImapTest()
  await system.deliver('INBOX', message, message, message)
  const client = await system.connect()
  expect(await client.ok('STATUS INBOX (DELETED DELETED-STORAGE)')).toEqual([
    'STATUS INBOX (DELETED 0 DELETED-STORAGE 0)',
  ])
  await client.ok('SELECT INBOX')
  await client.ok('STORE 1,3 +FLAGS.SILENT (\\Deleted)')
  expect(await client.ok('STATUS INBOX (DELETED DELETED-STORAGE)')).toEqual([
    `STATUS INBOX (DELETED 2 DELETED-STORAGE ${2 * message.length})`,
  ])
})
