import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('annotations follow the line of each mailbox that may be asked for them (RFC 9590 §3)', async () => {
  await using system = await startImapTest({ others: ['bob@example.org'] })
  const owner = await system.connect()
  for (const command of [
    'CREATE a/b (USE (\\Junk))',
    'SETMETADATA a/b (/shared/x "1")',
    'SETACL a/b bob@example.org lr',
    'SETACL INBOX bob@example.org l',
    'DELETE a',
  ])
    await owner.ok(command)
  expect(await owner.ok('LIST "" a RETURN (METADATA (/SHARED/x))')).toEqual([
    'LIST (\\NonExistent \\HasChildren) "/" a',
  ])
  expect(await owner.ok('LIST "" a/% RETURN (METADATA (/SHARED/x /private/specialuse))')).toEqual([
    'LIST () "/" a/b',
    'METADATA a/b (/SHARED/x "1" /private/specialuse "\\\\Junk")',
  ])
  const guest = await system.connect('bob@example.org')
  expect(await guest.ok('LIST "" "Other Users/*" RETURN (METADATA ("/shared/x"))')).toEqual([
    'LIST () "/" "Other Users/tim@example.org/INBOX"',
    'LIST () "/" "Other Users/tim@example.org/a/b"',
    'METADATA "Other Users/tim@example.org/a/b" (/shared/x "1")',
  ])
})

it.each(['METADATA', 'METADATA ()', 'METADATA /shared/x', 'METADATA (/shared)', 'METADATA (x)'])(
  'RETURN (%s) is BAD',
  async (option) => {
    await using system = await startImapTest()
    const client = await system.connect()
    expect((await client.command(`LIST "" * RETURN (${option})`)).tagged).toMatch(/^BAD /)
  },
)
