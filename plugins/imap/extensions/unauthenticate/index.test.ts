import { MailwrightError } from 'mailwright'
import { fakeClock, overlay } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'
import { password, startImapTest } from '../../../../test/support/imap/imap-session.ts'

test('nothing of the account is left, and another one may log in', async () => {
  await using system = await startImapTest({ others: ['ann@example.org'] })
  await system.deliver('INBOX', 'Subject: one\n\ntext\n')
  const client = await system.connect()
  await client.ok('ENABLE UTF8=ACCEPT QRESYNC UIDONLY')
  await client.ok('SELECT INBOX')
  await client.ok('UID STORE 1 +FLAGS (\\Deleted)')
  // RFC 8437 §3: no expunge comes of it.
  expect(await client.command('UNAUTHENTICATE')).toEqual({
    untagged: [],
    tagged: 'OK Nobody is logged in now',
  })
  expect((await client.command('SELECT INBOX')).tagged).toMatch(/^BAD /)
  expect((await client.ok('CAPABILITY')).join()).not.toContain('UNAUTHENTICATE')
  await client.ok(`LOGIN ann@example.org "${password}"`)
  expect(await client.ok('SELECT INBOX')).toContain('0 EXISTS')
  await client.ok('UNAUTHENTICATE')
  await client.ok(`LOGIN tim@example.org "${password}"`)
  await client.ok('SELECT INBOX')
  expect(await client.ok('FETCH 1 (FLAGS)')).toEqual(['1 FETCH (FLAGS (\\Deleted))'])
})

test('a login may be sent behind it in one go', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  client.dialogue.send(
    'a UNAUTHENTICATE',
    `b LOGIN tim@example.org "${password}"`,
    'c STATUS INBOX (MESSAGES)',
  )
  expect(await client.response()).toMatch(/^a OK /)
  expect(await client.response()).toMatch(/^b OK /)
  expect(await client.response()).toBe('* STATUS INBOX (MESSAGES 0)')
})

test('the session counts no longer for the account, and has its time for another login', async () => {
  const clock = fakeClock()
  const options = { maxConnectionsPerUser: 1, loginTimeout: '1m' }
  await using system = await startImapTest({ clock, options })
  const client = await system.connect()
  clock.advance(600_000)
  await client.ok('UNAUTHENTICATE')
  const other = await system.connect()
  expect((await client.command(`LOGIN tim@example.org "${password}"`)).tagged).toMatch(/^NO \[LIMIT\]/)
  await other.ok('UNAUTHENTICATE')
  await client.ok(`LOGIN tim@example.org "${password}"`)
  clock.advance(60_000)
  expect(await other.response()).toMatch(/^\* BYE /)
  expect(await client.ok('NOOP')).toEqual([])
})

test('has no arguments and needs a login', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect((await client.command('UNAUTHENTICATE now')).tagged).toMatch(/^BAD /)
  expect(await client.ok('STATUS INBOX (MESSAGES)')).toHaveLength(1)
  expect((await (await system.connect(null)).command('UNAUTHENTICATE')).tagged).toMatch(/^BAD /)
})

test('it is never refused: where the session cannot be left the connection is closed (RFC 8437 §3)', async () => {
  const close = (): Promise<void> => Promise.reject(new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk'))
  await using setting = await clientOverStore({
    account: (inner) => ({
      openMailbox: async (name) => overlay(await inner.openMailbox(name), { close }),
    }),
  })
  const { client } = setting
  await client.ok('SELECT INBOX')
  client.dialogue.send('a UNAUTHENTICATE', 'b NOOP')
  expect(await client.response()).toBe('* BYE logging out has failed')
  await expect(client.response()).rejects.toThrow('the connection was ended')
})

test('may be switched off (RFC 8437 §8)', async () => {
  await using system = await startImapTest({ options: { unauthenticate: false } })
  const client = await system.connect()
  expect((await client.ok('CAPABILITY')).join()).not.toContain('UNAUTHENTICATE')
  expect((await client.command('UNAUTHENTICATE')).tagged).toMatch(/^BAD /)
  expect(await client.ok('STATUS INBOX (MESSAGES)')).toHaveLength(1)
})
