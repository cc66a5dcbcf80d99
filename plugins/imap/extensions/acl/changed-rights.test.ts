import { expect, it } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

const bob = 'bob@example.org'

async function opened(rights: string): Promise<{ system: ImapTest; client: ImapTestClient }> {
  const system = await startImapTest({ others: [bob] })
  await system.mail.createMailbox('Work')
  await system.mail.setAccess('Work', bob, rights)
  await system.deliver('Work', 'Subject: one\n\n')
  const client = await system.connect(bob)
  await client.ok('SELECT "Other Users/tim@example.org/Work"')
  await client.ok('NOOP')
  return { system, client }
}

const flags = 'FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen)'

it('flags that may be changed are told anew where the rights are others (RFC 4314 §5.1.1)', async () => {
  const { system, client } = await opened('lrs')
  await using _ = system
  await system.mail.setAccess('Work', bob, 'lrst')
  expect(await client.response()).toBe(`* ${flags}`)
  expect(await client.response()).toBe('* OK [PERMANENTFLAGS (\\Deleted \\Seen)] Flags permitted')
  await system.mail.setAccess('Work', `-${bob}`, 's')
  expect(await client.response()).toBe(`* ${flags}`)
  expect(await client.response()).toBe('* OK [PERMANENTFLAGS (\\Deleted)] Flags permitted')
  await system.mail.setAccess('Work', bob, 'lrsti')
  expect(await client.ok('NOOP')).toEqual([])
})

it('and none where it is not to be seen any more', async () => {
  const { system, client } = await opened('lrs')
  await using _ = system
  await system.mail.setAccess('Work', bob, '')
  expect(await client.response()).toBe(`* ${flags}`)
  expect(await client.response()).toBe('* OK [PERMANENTFLAGS ()] Flags permitted')
})

it('nothing is told of a mailbox that was left', async () => {
  const { system, client } = await opened('lrs')
  await using _ = system
  await client.ok('UNSELECT')
  await system.mail.setAccess('Work', bob, 'lrst')
  expect(await client.ok('NOOP')).toEqual([])
})
