import { bufferContent } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

test('tells when a message came, not what its date is', async () => {
  const clock = fakeClock()
  await using system = await startImapTest({ clock })
  const content = bufferContent(Buffer.from('Subject: old\r\n\r\n'))
  await system.mail.append('INBOX', [{ content, internalDate: new Date('2001-02-03T04:05:06Z') }])
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  const [fetched = ''] = await client.ok('FETCH 1 (INTERNALDATE SAVEDATE)')
  const [, saved = ''] =
    /^1 FETCH \(INTERNALDATE " 3-Feb-2001 04:05:06 \+0000" SAVEDATE "(.*)"\)$/.exec(fetched) ?? []
  expect(Date.parse(saved)).toBe(Math.floor(clock.now() / 1_000) * 1_000)
  expect((await client.ok('CAPABILITY')).join()).toContain(' SAVEDATE')
})
