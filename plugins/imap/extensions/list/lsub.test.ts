import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('LSUB lists subscriptions, and by \\Noselect levels that % does not see through (RFC 3501 §6.3.9)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('CREATE foo/bar')
  for (const name of ['foo/bar', 'gone/x', 'INBOX', 'sub', 'sub/x']) await client.ok(`SUBSCRIBE ${name}`)
  expect(await client.ok('LSUB "" *')).toEqual([
    'LSUB () "/" INBOX',
    'LSUB () "/" foo/bar',
    'LSUB () "/" gone/x',
    'LSUB () "/" sub',
    'LSUB () "/" sub/x',
  ])
  expect(await client.ok('LSUB "" %')).toEqual([
    'LSUB () "/" INBOX',
    'LSUB (\\Noselect) "/" foo',
    'LSUB (\\Noselect) "/" gone',
    'LSUB () "/" sub',
  ])
  expect(await client.ok('LSUB foo/ %')).toEqual(['LSUB () "/" foo/bar'])
  expect(await client.ok('LSUB "" foo')).toEqual([])
  expect(await client.ok('LSUB "" ""')).toEqual([])
  await client.ok('UNSUBSCRIBE foo/bar')
  await client.ok('UNSUBSCRIBE foo/bar')
  expect(await client.ok('LSUB "" foo*')).toEqual([])
})

it.each(['LSUB', 'LSUB ""', 'LSUB "" (a b)', 'LSUB () "" *', 'LSUB "" * x'])('%s is BAD', async (command) => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect((await client.command(command)).tagged).toMatch(/^BAD /)
})
