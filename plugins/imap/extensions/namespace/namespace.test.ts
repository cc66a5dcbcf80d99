import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('NAMESPACE tells of one’s own, others’ and shared mailboxes (RFC 9051 §6.3.10)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect(await client.ok('NAMESPACE')).toEqual([
    'NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))',
  ])
  expect((await client.command('NAMESPACE ""')).tagged).toMatch(/^BAD /)
})

it('other users’ mailboxes are listed below their levels', async () => {
  await using system = await startImapTest({ others: ['bob@example.org'] })
  const owner = await system.connect()
  await owner.ok('CREATE a/b')
  await owner.ok('SETACL a/b bob@example.org lr')
  const client = await system.connect('bob@example.org')
  const base = 'Other Users/tim@example.org'
  expect(await client.ok('LIST "" %')).toEqual([
    'LIST (\\HasNoChildren) "/" INBOX',
    'LIST (\\Noselect \\HasChildren) "/" "Other Users"',
  ])
  expect(await client.ok('LIST "Other Users/" %')).toEqual([`LIST (\\Noselect \\HasChildren) "/" "${base}"`])
  expect(await client.ok('LIST "" "Other Users/*"')).toEqual([`LIST (\\HasNoChildren) "/" "${base}/a/b"`])
})
