import { expect, test } from 'vitest'
import { startImapTest } from '../../test/support/imap/imap-session.ts'

test('a session from login to logout', async () => {
  await using system = await startImapTest()
  await system.deliver(
    'INBOX',
    'Subject: one\nFrom: A <a@client.example>\n\ntext\n',
    'Subject: two\n\ntext\n',
  )
  const client = await system.connect()
  const opened = await client.ok('SELECT INBOX')
  expect(opened.map((line) => line.replace(/(UIDVALIDITY|MAILBOXID) [^\]]+/, '$1 n'))).toMatchInlineSnapshot(`
    [
      "FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen)",
      "OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen \\*)] Flags permitted",
      "2 EXISTS",
      "OK [UNSEEN 1] First unseen",
      "OK [UIDVALIDITY n] UIDs valid",
      "OK [UIDNEXT 3] Next UID",
      "OK [HIGHESTMODSEQ 2] Highest",
      "OK [MAILBOXID n] Mailbox",
    ]
  `)
  expect(await client.ok('FETCH 1:* (FLAGS UID RFC822.SIZE ENVELOPE BODYSTRUCTURE)')).toMatchInlineSnapshot(`
    [
      "1 FETCH (FLAGS () UID 1 RFC822.SIZE 50 ENVELOPE (NIL "one" (("A" NIL "a" "client.example")) (("A" NIL "a" "client.example")) (("A" NIL "a" "client.example")) NIL NIL NIL NIL NIL) BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL))",
      "2 FETCH (FLAGS () UID 2 RFC822.SIZE 22 ENVELOPE (NIL "two" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL))",
    ]
  `)
  expect(await client.ok('STORE 1 +FLAGS (\\Seen $Forwarded)')).toMatchInlineSnapshot(`
    [
      "FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Forwarded)",
      "OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Forwarded \\*)] Flags permitted",
      "1 FETCH (UID 1 FLAGS ($Forwarded \\Seen))",
    ]
  `)
  expect(await client.ok('FETCH 2 RFC822')).toMatchInlineSnapshot(`
    [
      "2 FETCH (FLAGS (\\Seen) RFC822 {22}
    Subject: two

    text
    )",
    ]
  `)
  expect(
    await client.ok('FETCH 1 (BODY[HEADER.FIELDS (SUBJECT)] BODY.PEEK[1]<1.2> BINARY.SIZE[1])'),
  ).toMatchInlineSnapshot(`
    [
      "1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {16}
    Subject: one

     BODY[1]<1> {2}
    ex BINARY.SIZE[1] 6)",
    ]
  `)
  expect(await client.command('FETCH 3 FLAGS')).toMatchInlineSnapshot(`
    {
      "tagged": "BAD There is no such message",
      "untagged": [],
    }
  `)
  expect(await client.command('FETCH 1 BLURB')).toMatchInlineSnapshot(`
    {
      "tagged": "BAD The item BLURB is unknown",
      "untagged": [],
    }
  `)
  await system.deliver('INBOX', 'Subject: three\n\ntext\n')
  expect(await client.ok('NOOP')).toMatchInlineSnapshot(`
    [
      "3 EXISTS",
    ]
  `)
  expect(await client.ok('LOGOUT')).toEqual(['BYE Logging out'])
})

test('a session whose mailbox is deleted by another one ends', async () => {
  await using system = await startImapTest()
  await system.mail.createMailbox('a')
  const [busy, idle] = [await system.connect(), await system.connect()]
  for (const client of [busy, idle]) await client.ok('SELECT a')
  idle.dialogue.send('x IDLE')
  expect(await idle.response()).toMatch(/^\+ /)
  await system.mail.deleteMailbox('a')
  expect(await busy.command('NOOP')).toEqual({
    untagged: ['BYE the selected mailbox is gone'],
    tagged: 'NO [NONEXISTENT] The selected mailbox is gone',
  })
  expect(await idle.response()).toBe('* BYE the selected mailbox is gone')
  expect(await idle.dialogue.readLine()).toBeUndefined()
})
