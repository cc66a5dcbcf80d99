import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap-session.ts'

it('one’s rights follow the line of each mailbox (RFC 8440)', async () => {
  await using system = await startImapTest({ others: ['bob@example.org'] })
  const owner = await system.connect()
  await owner.ok('CREATE a/b')
  await owner.ok('SETACL a/b bob@example.org lrt')
  await owner.ok('DELETE a')
  expect(await owner.ok('LIST "" a RETURN (MYRIGHTS)')).toEqual(['LIST (\\NonExistent \\HasChildren) "/" a'])
  expect(await owner.ok('LIST "" a/% RETURN (MYRIGHTS)')).toEqual([
    'LIST () "/" a/b',
    'MYRIGHTS a/b lrswipkxteacd',
  ])
  const guest = await system.connect('bob@example.org')
  expect(await guest.ok('LIST "" Other* RETURN (MYRIGHTS)')).toEqual([
    'LIST () "/" "Other Users/tim@example.org/a/b"',
    'MYRIGHTS "Other Users/tim@example.org/a/b" lrtd',
  ])
})
