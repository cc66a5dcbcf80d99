import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('children are those that the account sees (RFC 5258 §4)', async () => {
  await using system = await startImapTest({ others: ['bob@example.org'] })
  const owner = await system.connect()
  await owner.ok('CREATE a/b')
  await owner.ok('SETACL a bob@example.org lr')
  expect(await owner.ok('LIST "" a% RETURN (CHILDREN)')).toEqual(['LIST (\\HasChildren) "/" a'])
  const guest = await system.connect('bob@example.org')
  const name = '"Other Users/tim@example.org/a"'
  expect(await guest.ok(`LIST "" ${name} RETURN (CHILDREN)`)).toEqual([`LIST (\\HasNoChildren) "/" ${name}`])
  await owner.ok('SETACL a/b bob@example.org l')
  expect(await guest.ok(`LIST "" ${name} RETURN (CHILDREN)`)).toEqual([`LIST (\\HasChildren) "/" ${name}`])
})
