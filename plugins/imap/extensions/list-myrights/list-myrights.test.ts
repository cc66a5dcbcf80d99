import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

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

it('not where a mailbox is listed only for what is below it (RFC 8440 §4, RFC 9590 §4, RFC 5819 §2)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  for (const command of ['CREATE a', 'CREATE a/b', 'SUBSCRIBE a/b', 'CREATE c', 'SUBSCRIBE c'])
    await client.ok(command)
  for (const [option, told] of [
    ['MYRIGHTS', 'MYRIGHTS c lrswipkxteacd'],
    ['METADATA (/shared/comment)', 'METADATA c (/shared/comment NIL)'],
    ['STATUS (MESSAGES)', 'STATUS c (MESSAGES 0)'],
  ])
    expect(await client.ok(`LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN (${option})`)).toEqual([
      'LIST () "/" a ("CHILDINFO" ("SUBSCRIBED"))',
      'LIST (\\Subscribed) "/" c',
      told,
    ])
})
