import type { ImapExtension } from 'mailwright/imap'
import { expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

const ofOthers: ImapExtension = {
  name: 'of-others',
  capabilities: () => ['X-Other'],
  enables: { 'X-OTHER': ({ enabled }) => void enabled.add('X-OTHER'), 'X-NEVER': () => undefined },
}

test('enables what it knows, in the spelling of CAPABILITY, and passes over the rest', async () => {
  await using system = await startImapTest({ extensions: [ofOthers] })
  const client = await system.connect()
  expect(await client.ok('ENABLE imap4REV2 x-unknown STARTTLS IDLE IMAP4rev2')).toEqual(['ENABLED IMAP4rev2'])
  expect(await client.ok('ENABLE x-unknown')).toEqual(['ENABLED'])
  expect(await client.ok('ENABLE X-Never x-other')).toEqual(['ENABLED X-Other'])
  // RFC 9051 Appendix E: no RECENT, but the name.
  client.showsRecent = true
  const opened = await client.ok('SELECT INBOX')
  expect(opened).toContain('LIST () "/" INBOX')
  expect(opened.filter((line) => line.endsWith('RECENT'))).toEqual([])
})

test('works while a mailbox is selected, and not before login', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  expect(await client.ok('ENABLE UTF8=ACCEPT')).toEqual(['ENABLED UTF8=ACCEPT'])
  const stranger = await system.connect(null)
  expect(await stranger.command('ENABLE IMAP4rev2')).toEqual({
    untagged: [],
    tagged: 'BAD ENABLE is not possible now',
  })
})

test.each([
  'ENABLE',
  'ENABLE ',
  'ENABLE  CONDSTORE',
  'ENABLE CONDSTORE ',
  'ENABLE (CONDSTORE)',
  'ENABLE "CONDSTORE"',
])('%s is no command', async (command) => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect((await client.command(command)).tagged).toMatch(/^BAD /)
})
