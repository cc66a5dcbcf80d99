import { describe, expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

const message = 'Subject: one\n\ntext\n'

/** A client of UIDs only, with the messages 2, 3 and 4. */
async function uidsOnly() {
  const system = await startImapTest()
  await system.deliver('INBOX', message, message, message, message)
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.expunge([1])
  const client = await system.connect()
  expect(await client.ok('ENABLE UIDONLY')).toEqual(['ENABLED UIDONLY'])
  const opened = await client.ok('SELECT INBOX')
  return { system, client, mailbox, opened, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() }
}

test('responses name messages by their UIDs', async () => {
  await using setting = await uidsOnly()
  const { client, mailbox, system, opened } = setting
  expect(opened.join()).toContain('3 EXISTS')
  // RFC 9586 §3: that is a message number.
  expect(opened.join()).not.toContain('UNSEEN')
  expect(await client.ok('UID FETCH 2:3 (FLAGS RFC822.SIZE)')).toEqual([
    '2 UIDFETCH (FLAGS () RFC822.SIZE 22)',
    '3 UIDFETCH (FLAGS () RFC822.SIZE 22)',
  ])
  expect(await client.ok('UID STORE 4 +FLAGS (\\Seen)')).toEqual(['4 UIDFETCH (FLAGS (\\Seen))'])
  await mailbox.changeFlags([2], { add: ['\\Flagged'] })
  await mailbox.expunge([3])
  await system.deliver('INBOX', message)
  expect(await client.ok('NOOP')).toEqual(['VANISHED 3', '3 EXISTS', '2 UIDFETCH (FLAGS (\\Flagged))'])
  expect(await client.ok('UID SEARCH UID 4:*')).toEqual(['SEARCH 4 5'])
})

describe('message numbers are refused', () => {
  test.each([
    'FETCH 1 (FLAGS)',
    'FETCH * (FLAGS)',
    'STORE 1 FLAGS ()',
    'SEARCH ALL',
    'SEARCH 1',
    'UID SEARCH 1:2',
    'UID SEARCH NOT 1',
    'COPY 1 INBOX',
    'MOVE 1 INBOX',
    'SORT (ARRIVAL) UTF-8 ALL',
    'THREAD REFERENCES UTF-8 ALL',
    'REPLACE 1 INBOX {1+}\r\nx',
  ])('%s', async (command) => {
    await using setting = await uidsOnly()
    const { client } = setting
    expect((await client.command(command)).tagged).toMatch(/^BAD \[UIDREQUIRED\]/)
    expect(await client.ok('UID FETCH 2 (FLAGS)')).toEqual(['2 UIDFETCH (FLAGS ())'])
  })
})

test('contexts in message numbers end with it, those in UIDs go on', async () => {
  await using system = await startImapTest()
  await system.deliver('INBOX', message, message)
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  await client.ok('SEARCH RETURN (UPDATE COUNT) FLAGGED')
  await client.ok('UID SEARCH RETURN (UPDATE COUNT) FLAGGED')
  expect(await client.ok('ENABLE UIDONLY')).toEqual([
    'NO [NOUPDATE "t3"] Only UIDs are in use',
    'ENABLED UIDONLY',
  ])
  await (await system.mail.openMailbox('INBOX')).changeFlags([2], { add: ['\\Flagged'] })
  expect(await client.ok('NOOP')).toEqual([
    '2 UIDFETCH (FLAGS (\\Flagged))',
    'ESEARCH (TAG "t4") UID ADDTO (0 2)',
  ])
})
