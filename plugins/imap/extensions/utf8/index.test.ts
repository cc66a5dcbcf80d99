import { expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

test('names and texts are UTF-8 once it is enabled', async () => {
  await using system = await startImapTest()
  await system.mail.createMailbox('Entwürfe & mehr')
  await system.deliver('Entwürfe & mehr', 'Subject: Gr\xc3\xbc\xc3\x9fe\n\ntext\n')
  const client = await system.connect()
  expect(await client.ok('STATUS "Entw&APw-rfe &- mehr" (MESSAGES)')).toEqual([
    'STATUS "Entw&APw-rfe &- mehr" (MESSAGES 1)',
  ])
  expect(await client.ok('ENABLE UTF8=ACCEPT')).toEqual(['ENABLED UTF8=ACCEPT'])
  expect(await client.ok('STATUS "Entw\u00fcrfe & mehr" (MESSAGES)')).toEqual([
    'STATUS "Entw\u00fcrfe & mehr" (MESSAGES 1)',
  ])
  // What was an escape is a name like any other now.
  expect((await client.command('STATUS "Entw&APw-rfe &- mehr" (MESSAGES)')).tagged).toMatch(
    /^NO \[NONEXISTENT\]/,
  )
  await client.ok('SELECT "Entw\u00fcrfe & mehr"')
  expect((await client.ok('FETCH 1 ENVELOPE')).join()).toContain('"Gr\u00fc\u00dfe"')
})

test('a search names no charset then (RFC 6855 §3)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('ENABLE UTF8=ACCEPT')
  await client.ok('SELECT INBOX')
  expect((await client.command('SEARCH CHARSET UTF-8 ALL')).tagged).toMatch(/^BAD /)
  expect(await client.ok('SEARCH SUBJECT "\u00fc"')).toEqual(['SEARCH'])
})

test.each([
  ['SEARCH SUBJECT "t\xe9st" ALL', /^NO \[BADCHARSET \(UTF-8\)\] /],
  ['UID SEARCH OR FROM "\xe9" NOT HEADER "x" "\xe9"', /^NO \[BADCHARSET \(UTF-8\)\] /],
  ['SORT (DATE) UTF-8 SUBJECT "t\xe9st"', /^NO \[BADCHARSET \(UTF-8\)\] /],
  ['THREAD REFERENCES UTF-8 SUBJECT "t\xe9st"', /^NO \[BADCHARSET \(UTF-8\)\] /],
  // Something else is wrong as well.
  ['SEARCH SUBJECT "t\xe9st" BOGUS', /^BAD /],
  ['SEARCH SUBJECT "t\xe9st" ', /^BAD /],
  ['STATUS "t\xe9st" (MESSAGES)', /^BAD /],
])('what is not UTF-8: %j', async (command, expected) => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  client.sendsOctets = true
  if (!command.startsWith('STATUS')) expect((await client.command(command)).tagged).toMatch(expected)
  await client.ok('ENABLE UTF8=ACCEPT')
  expect((await client.command(command)).tagged).toMatch(expected)
  expect(await client.ok('SEARCH ALL')).toEqual(['SEARCH'])
})
