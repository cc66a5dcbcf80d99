import { expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

const message = 'Subject: one\n\ntext\n'

/** The identifier that a response tells. */
function idIn(responses: readonly string[], word: string): string {
  const [, id] = new RegExp(`${word} \\(([A-Za-z0-9_-]{1,255})\\)`).exec(responses.join()) ?? []
  if (id === undefined) throw new Error(`no ${word} in ${responses.join()}`)
  return id
}

test('a mailbox has an identifier of its own, whoever asks, that a new name does not change', async () => {
  await using system = await startImapTest()
  await system.mail.createMailbox('Work')
  const client = await system.connect()
  const selected = idIn(await client.ok('SELECT Work'), 'MAILBOXID')
  expect(idIn(await client.ok('EXAMINE Work'), 'OK \\[MAILBOXID')).toBe(selected)
  expect(idIn(await client.ok('STATUS Work (MAILBOXID)'), 'MAILBOXID')).toBe(selected)
  expect(idIn(await client.ok('STATUS INBOX (MAILBOXID)'), 'MAILBOXID')).not.toBe(selected)
  await client.ok('UNSELECT')
  await system.mail.renameMailbox('Work', 'Play')
  expect(idIn(await client.ok('SELECT Play'), 'MAILBOXID')).toBe(selected)
})

test('a message has an identifier, by which it is found; it is in no thread', async () => {
  await using system = await startImapTest()
  await system.deliver('INBOX', message, message)
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  const [one = '', two = ''] = await client.ok('FETCH 1:2 (EMAILID THREADID)')
  expect([one, two]).toEqual([
    expect.stringMatching(/^1 FETCH \(EMAILID \(M[A-Za-z0-9_-]+\) THREADID NIL\)$/),
    expect.stringMatching(/^2 FETCH \(EMAILID \(M[A-Za-z0-9_-]+\) THREADID NIL\)$/),
  ])
  expect(await client.ok(`SEARCH EMAILID ${idIn([two], 'EMAILID')}`)).toEqual(['SEARCH 2'])
  expect(await client.ok(`SEARCH NOT EMAILID ${idIn([two], 'EMAILID')}`)).toEqual(['SEARCH 1'])
  expect(await client.ok('SEARCH EMAILID Fabc')).toEqual(['SEARCH'])
  expect(await client.ok(`SEARCH THREADID ${idIn([two], 'EMAILID')}`)).toEqual(['SEARCH'])
})

test.each([
  'SEARCH EMAILID',
  'SEARCH EMAILID a.b',
  'SEARCH THREADID (a)',
  `SEARCH EMAILID ${'x'.repeat(256)}`,
])('%s is a mistake', async (command) => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  expect((await client.command(command)).tagged).toMatch(/^BAD /)
})
