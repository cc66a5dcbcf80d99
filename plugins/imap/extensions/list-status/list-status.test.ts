import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('the status follows the line of each mailbox; what is no mailbox has none (RFC 5819)', async () => {
  await using system = await startImapTest()
  await system.mail.createMailbox('a/b')
  await system.deliver('a/b', 'Subject: 1\n\nx\n')
  const client = await system.connect()
  await client.ok('DELETE a')
  await client.ok('SUBSCRIBE gone')
  expect(await client.ok('LIST "" (% a/b) RETURN (CHILDREN STATUS (MESSAGES UIDNEXT))')).toEqual([
    'LIST (\\HasNoChildren) "/" INBOX',
    'STATUS INBOX (MESSAGES 0 UIDNEXT 1)',
    'LIST (\\NonExistent \\HasChildren) "/" a',
    'LIST (\\HasNoChildren) "/" a/b',
    'STATUS a/b (MESSAGES 1 UIDNEXT 2)',
  ])
  expect(await client.ok('LIST (SUBSCRIBED) "" * RETURN (STATUS (MESSAGES))')).toEqual([
    'LIST (\\NonExistent \\Subscribed) "/" gone',
  ])
})

it('a mailbox that may not be looked at has none, and the others have theirs (RFC 5819 §2)', async () => {
  await using system = await startImapTest({ others: ['bob@example.org'] })
  const owner = await system.connect()
  for (const command of [
    'CREATE b',
    'CREATE c',
    'SETACL INBOX bob@example.org l',
    'SETACL b bob@example.org lr',
  ])
    await owner.ok(command)
  const client = await system.connect('bob@example.org')
  expect(await client.ok('LIST "" * RETURN (STATUS (MESSAGES) MYRIGHTS)')).toEqual([
    'LIST () "/" INBOX',
    'STATUS INBOX (MESSAGES 0)',
    'MYRIGHTS INBOX lrswipkxteacd',
    'LIST () "/" "Other Users/tim@example.org/INBOX"',
    'MYRIGHTS "Other Users/tim@example.org/INBOX" l',
    'LIST () "/" "Other Users/tim@example.org/b"',
    'STATUS "Other Users/tim@example.org/b" (MESSAGES 0)',
    'MYRIGHTS "Other Users/tim@example.org/b" lr',
  ])
})

it('many mailboxes are told of in order', async () => {
  await using system = await startImapTest()
  const names = Array.from({ length: 100 }, (_, index) => `m${String(index).padStart(3, '0')}`)
  for (const name of names) await system.mail.createMailbox(name)
  const client = await system.connect()
  const answered = await client.ok('LIST "" m* RETURN (STATUS (MESSAGES))')
  expect(answered).toEqual(names.flatMap((name) => [`LIST () "/" ${name}`, `STATUS ${name} (MESSAGES 0)`]))
})
