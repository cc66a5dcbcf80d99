import { expect, test } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

async function told(client: ImapTestClient, count: number): Promise<readonly string[]> {
  const responses: string[] = []
  while (responses.length < count) responses.push((await client.response()).replace(/^\* /, ''))
  return responses
}

/** A client that is told of the list of mailboxes, in which there are some. */
async function watching(...names: readonly string[]): Promise<{ system: ImapTest; client: ImapTestClient }> {
  const system = await startImapTest()
  for (const name of names) await system.mail.createMailbox(name)
  const client = await system.connect()
  await client.ok('NOTIFY SET (PERSONAL (MailboxName MessageNew MessageExpunge))')
  return { system, client }
}

test('the direct parent of what is made or deleted is told as well (RFC 5465 §5.4)', async () => {
  const { system, client } = await watching('Work', 'Work/a', 'Work/b')
  await using _ = system
  await system.mail.createMailbox('Work/c')
  expect(await told(client, 2)).toEqual([
    'LIST (\\HasChildren) "/" Work',
    'LIST (\\HasNoChildren) "/" Work/c',
  ])
  await system.mail.deleteMailbox('Work/a')
  expect(await told(client, 2)).toEqual(['LIST (\\HasChildren) "/" Work', 'LIST (\\NonExistent) "/" Work/a'])
  await system.mail.deleteMailbox('Work')
  expect(await told(client, 1)).toEqual(['LIST (\\NonExistent \\HasChildren) "/" Work'])
  await system.mail.deleteMailbox('Work/b')
  expect(await told(client, 2)).toEqual([
    'LIST (\\NonExistent \\HasChildren) "/" Work',
    'LIST (\\NonExistent) "/" Work/b',
  ])
  expect(await client.ok('NOOP')).toEqual([])
})

test('what goes along with a renamed mailbox is not told of (RFC 5465 §5.4)', async () => {
  const { system, client } = await watching('Work', 'Work/a', 'Work/a/deep', 'Other')
  await using _ = system
  await system.mail.renameMailbox('Work', 'Play')
  expect(await told(client, 1)).toEqual(['LIST (\\HasChildren) "/" Play ("OLDNAME" (Work))'])
  await system.mail.renameMailbox('Play/a', 'Other/b')
  expect(await told(client, 3)).toEqual([
    'LIST (\\HasChildren) "/" Other',
    'LIST (\\HasChildren) "/" Other/b ("OLDNAME" (Play/a))',
    'LIST (\\HasNoChildren) "/" Play',
  ])
  expect(await client.ok('NOOP')).toEqual([])
})

test('what is below a renamed name that is no mailbox is told of', async () => {
  const { system, client } = await watching('Work', 'Work/a')
  await using _ = system
  await system.mail.deleteMailbox('Work')
  await told(client, 1)
  await system.mail.renameMailbox('Work/a', 'Play/a')
  expect((await told(client, 2)).filter((line) => line.includes('OLDNAME'))).toEqual([
    'LIST (\\HasNoChildren) "/" Play/a ("OLDNAME" (Work/a))',
  ])
})

test('a renamed INBOX is left out, and what its messages are in now is new (RFC 5465 §5.4)', async () => {
  const { system, client } = await watching('Work')
  await using _ = system
  await system.deliver('INBOX', 'Subject: one\n\ntext\n')
  expect((await told(client, 1))[0]).toMatch(/^STATUS INBOX \(MESSAGES 1 /)
  await system.mail.renameMailbox('INBOX', 'Old')
  const responses = await told(client, 3)
  expect(responses.filter((line) => line.startsWith('LIST'))).toEqual(['LIST (\\HasNoChildren) "/" Old'])
  expect(responses.filter((line) => line.startsWith('STATUS')).sort()).toEqual([
    expect.stringMatching(/^STATUS INBOX \(MESSAGES 0 /),
    expect.stringMatching(/^STATUS Old \(MESSAGES 1 /),
  ])
})
