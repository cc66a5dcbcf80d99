import { expect, test } from 'vitest'
import { type ImapTestClient, startImapTest } from '../../../../test/support/imap/imap-session.ts'

const message = 'Subject: one\n\ntext\n'

/** A client that is idling. */
async function idling(client: ImapTestClient): Promise<ImapTestClient> {
  client.dialogue.send('i IDLE')
  expect(await client.response()).toBe('+ idling')
  return client
}

test('tells of arrivals, flags and expunges as they come', async () => {
  await using system = await startImapTest()
  await system.deliver('INBOX', message, message)
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  await idling(client)
  await system.deliver('INBOX', message)
  expect(await client.response()).toBe('* 3 EXISTS')
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.changeFlags([2], { add: ['\\Flagged'] })
  expect(await client.response()).toBe('* 2 FETCH (UID 2 FLAGS (\\Flagged))')
  await mailbox.expunge([1, 3])
  expect([await client.response(), await client.response()]).toEqual(['* 3 EXPUNGE', '* 1 EXPUNGE'])
  client.dialogue.send('DONE')
  expect(await client.response()).toBe('i OK Idled')
})

test('tells at once of what came before', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  await system.deliver('INBOX', message)
  await idling(client)
  expect(await client.response()).toBe('* 1 EXISTS')
})

test('goes on without a mailbox, and ends with DONE in any case', async () => {
  await using system = await startImapTest()
  const client = await idling(await system.connect())
  client.dialogue.send('dOnE')
  expect(await client.response()).toBe('i OK Idled')
  expect(await client.ok('NOOP')).toEqual([])
})

test('several changes are told together, and nothing once it is over', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  await idling(client)
  client.dialogue.send('DONE')
  expect(await client.response()).toBe('i OK Idled')
  await system.deliver('INBOX', message, message)
  const mailbox = await system.mail.openMailbox('INBOX')
  await mailbox.expunge([1])
  expect(await client.ok('NOOP')).toEqual(['1 EXISTS'])
})

test.each(['DONE ', 'a2 NOOP', '', 'DONE now'])('"%s" does not end it well', async (line) => {
  await using system = await startImapTest()
  const client = await idling(await system.connect())
  client.dialogue.send(line)
  expect(await client.response()).toBe('i BAD DONE was expected')
  expect(await client.ok('NOOP')).toEqual([])
})

test('a line without end ends the connection', async () => {
  await using system = await startImapTest()
  const client = await idling(await system.connect())
  client.dialogue.send('x'.repeat(70_000))
  expect(await client.response()).toMatch(/^\* BYE /)
  expect(await client.response()).toMatch(/^i BAD /)
  await client.dialogue.expectEnd()
})

test('has no arguments and needs a login', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect((await client.command('IDLE now')).tagged).toMatch(/^BAD /)
  expect((await (await system.connect(null)).command('IDLE')).tagged).toMatch(/^BAD /)
})
