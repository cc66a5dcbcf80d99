import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('XLIST tells what mailboxes are for, and nobody is told that it is there', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('CREATE Sent (USE (\\Sent))')
  expect(await client.ok('XLIST "" %')).toEqual([
    'LIST (\\HasNoChildren) "/" INBOX',
    'LIST (\\HasNoChildren \\Sent) "/" Sent',
  ])
  expect(await client.ok('XLIST "" ""')).toEqual(['LIST (\\Noselect) "/" ""'])
  expect((await client.ok('CAPABILITY')).join()).not.toContain('XLIST')
})
