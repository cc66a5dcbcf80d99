import { describe, expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

describe('CREATE', () => {
  it('tells the mailbox’s id, which STATUS and LIST tell too (RFC 8474 §4)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    const { tagged } = await client.command('CREATE a/b')
    const [, id] = /^OK \[MAILBOXID \(([\w-]+)\)\]/.exec(tagged) ?? []
    expect(await client.ok('STATUS a/b (MAILBOXID)')).toEqual([`STATUS a/b (MAILBOXID (${id}))`])
    await client.ok('RENAME a/b c')
    expect(await client.ok('STATUS c (MAILBOXID)')).toEqual([`STATUS c (MAILBOXID (${id}))`])
  })

  it('takes a delimiter at the end for what it is (RFC 9051 §6.3.4)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE "a/"')
    expect(await client.ok('LIST () "" a*')).toEqual(['LIST () "/" a'])
  })

  it.each([
    ['CREATE inbox', 'NO [ALREADYEXISTS]'],
    ['CREATE a', 'NO [ALREADYEXISTS]'],
    ['CREATE "a/"', 'NO [ALREADYEXISTS]'],
    ['CREATE ""', 'NO [CANNOT]'],
    ['CREATE "/"', 'NO [CANNOT]'],
    ['CREATE "b//c"', 'NO [CANNOT] No mailbox can have that name'],
    ['CREATE ".."', 'NO [CANNOT] No mailbox can have that name'],
    ['CREATE b/../c', 'NO [CANNOT] No mailbox can have that name'],
    ['RENAME a ./b', 'NO [CANNOT] It cannot have that name'],
    ['CREATE "&A"', 'NO [CANNOT]'],
    ['CREATE "Other Users/bob@example.org/x"', 'NO [NOPERM]'],
    ['CREATE Shared', 'NO [CANNOT]'],
    ['CREATE', 'BAD'],
    ['CREATE a(b', 'BAD'],
    ['CREATE b c', 'BAD'],
    ['CREATE b ()', 'BAD'],
    ['CREATE b (BLURB)', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE a')
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
    expect(await client.ok('LIST () "" *')).toEqual(['LIST () "/" INBOX', 'LIST () "/" a'])
  })
})

describe('DELETE', () => {
  it('leaves what is below, and then the name cannot be deleted (RFC 9051 §6.3.5)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE foo/bar')
    await client.ok('DELETE foo')
    expect(await client.ok('LIST "" foo/%')).toEqual(['LIST (\\HasNoChildren) "/" foo/bar'])
    expect((await client.command('DELETE foo')).tagged).toMatch(/^NO \[HASCHILDREN\] /)
    await client.ok('DELETE foo/bar')
    expect((await client.command('DELETE foo')).tagged).toMatch(/^NO \[NONEXISTENT\] /)
    expect(await client.ok('LIST "" foo*')).toEqual([])
  })

  it('of the selected mailbox leaves none selected', async () => {
    await using system = await startImapTest()
    await system.mail.createMailbox('foo')
    await system.deliver('foo', 'Subject: x\n\ny\n')
    const client = await system.connect()
    await client.ok('SELECT foo')
    expect(await client.command('DELETE foo')).toEqual({
      untagged: [],
      tagged: 'OK Deleted, and no mailbox is selected any more',
    })
    expect((await client.command('FETCH 1 FLAGS')).tagged).toMatch(/^BAD /)
    await client.ok('SELECT INBOX')
  })

  it('of another mailbox leaves the selected one alone', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE foo')
    await client.ok('SELECT INBOX')
    await client.ok('DELETE foo')
    await client.ok('UNSELECT')
  })

  it.each([
    ['DELETE inbox', 'NO [CANNOT] INBOX cannot be deleted'],
    ['DELETE "b//c"', 'NO [CANNOT] No mailbox can have that name'],
    ['DELETE nowhere', 'NO [NONEXISTENT]'],
    ['DELETE "Other Users/bob@example.org/x"', 'NO [NONEXISTENT]'],
    ['DELETE', 'BAD'],
    ['DELETE a b', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await startImapTest({ others: ['bob@example.org'] })
    const client = await system.connect()
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
  })
})

describe('RENAME', () => {
  it('takes along what is below, and makes what is missing above (RFC 9051 §6.3.6)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE foo/bar')
    await client.ok('RENAME foo x/zap')
    expect(await client.ok('LIST () "" *')).toEqual([
      'LIST () "/" INBOX',
      'LIST () "/" x',
      'LIST () "/" x/zap',
      'LIST () "/" x/zap/bar',
    ])
  })

  it('of INBOX copies its annotations (RFC 5464 §4.1)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('SETMETADATA INBOX (/private/comment "mine" /shared/comment "all")')
    await client.ok('RENAME INBOX old')
    for (const name of ['INBOX', 'old'])
      expect(await client.ok(`GETMETADATA ${name} (/private/comment /shared/comment)`)).toEqual([
        `METADATA ${name} (/private/comment "mine" /shared/comment "all")`,
      ])
  })

  it('of INBOX moves its messages, which whoever has it selected is told of', async () => {
    await using system = await startImapTest()
    await system.deliver('INBOX', 'Subject: 1\n\nx\n', 'Subject: 2\n\nx\n')
    await system.mail.createMailbox('INBOX/below')
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    expect(await client.ok('RENAME inbox old')).toEqual(['2 EXPUNGE', '1 EXPUNGE'])
    expect(await client.ok('STATUS old (MESSAGES)')).toEqual(['STATUS old (MESSAGES 2)'])
    expect(await client.ok('LIST () "" *')).toEqual([
      'LIST () "/" INBOX',
      'LIST () "/" INBOX/below',
      'LIST () "/" old',
    ])
  })

  it.each([
    ['foo', 'zap', 'zap'],
    ['foo/bar', 'zap', 'zap'],
    ['foo', 'x/zap', 'x/zap/bar'],
  ])('of %s to %s leaves the selected mailbox selected, as %s', async (from, to, selected) => {
    await using system = await startImapTest()
    await system.mail.createMailbox('foo/bar')
    const name = selected.endsWith('bar') ? 'foo/bar' : from
    await system.deliver(name, 'Subject: 1\n\nx\n')
    const client = await system.connect()
    await client.ok(`SELECT ${name}`)
    expect(await client.ok(`RENAME ${from} ${to}`)).toEqual([])
    await system.deliver(selected, 'Subject: 2\n\nx\n')
    expect(await client.ok('NOOP')).toEqual(['2 EXISTS'])
    expect(await client.ok('STORE 2 +FLAGS (\\Deleted)')).toEqual(['2 FETCH (UID 2 FLAGS (\\Deleted))'])
    expect(await client.ok(`STATUS ${selected} (DELETED)`)).toEqual([`STATUS ${selected} (DELETED 1)`])
    await client.ok('CLOSE')
    expect(await client.ok(`STATUS ${selected} (MESSAGES)`)).toEqual([`STATUS ${selected} (MESSAGES 1)`])
  })

  it.each([
    ['RENAME nowhere b', 'NO [NONEXISTENT]'],
    ['RENAME a c', 'NO [ALREADYEXISTS]'],
    ['RENAME a inbox', 'NO [ALREADYEXISTS]'],
    ['RENAME a a/b', 'NO [CANNOT] It cannot be moved below itself'],
    ['RENAME a ""', 'NO [CANNOT] It cannot have that name'],
    ['RENAME a', 'BAD'],
    ['RENAME a b c', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE a')
    await client.ok('CREATE c')
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
    expect(await client.ok('LIST () "" %')).toHaveLength(3)
  })
})

describe('SUBSCRIBE', () => {
  it.each([
    ['SUBSCRIBE nowhere', 'OK'],
    ['SUBSCRIBE ""', 'NO [CANNOT] No mailbox can have that name'],
    ['UNSUBSCRIBE nowhere', 'OK'],
    ['SUBSCRIBE', 'BAD'],
    ['SUBSCRIBE a b', 'BAD'],
    ['UNSUBSCRIBE', 'BAD'],
  ])('%s is answered %s', async (command, answer) => {
    await using system = await startImapTest()
    const client = await system.connect()
    expect((await client.command(command)).tagged.startsWith(answer)).toBe(true)
  })

  it('outlives the mailbox (RFC 9051 §6.3.7)', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    for (const command of ['CREATE a', 'SUBSCRIBE a', 'DELETE a']) await client.ok(command)
    expect(await client.ok('LSUB "" *')).toEqual(['LSUB () "/" a'])
  })
})

it('nobody has mailboxes who has not logged in', async () => {
  await using system = await startImapTest()
  const client = await system.connect(null)
  for (const command of [
    'CREATE a',
    'DELETE a',
    'RENAME a b',
    'SUBSCRIBE a',
    'LIST "" *',
    'STATUS INBOX (SIZE)',
  ])
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
})

describe('RENAME of a level that is no mailbox (RFC 3501 §6.3.5)', () => {
  it('renames what is below it', async () => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE level/one/two')
    await client.ok('CREATE level/other')
    await client.ok('DELETE level/one')
    await client.ok('DELETE level')
    await client.ok('SELECT level/one/two')
    await client.ok('RENAME level new/level')
    const names = (await client.ok('LIST "" "*"')).map((line) => line.split(' ').at(-1))
    expect(names).toEqual(expect.arrayContaining(['new/level/one/two', 'new/level/other']))
    expect(names.some((name) => name?.startsWith('level'))).toBe(false)
    await client.ok('CHECK')
  })

  it.each([
    ['INBOX', 'ALREADYEXISTS'],
    ['taken', 'ALREADYEXISTS'],
    ['level/below', 'CANNOT'],
  ])('not to %s', async (target, code) => {
    await using system = await startImapTest()
    const client = await system.connect()
    await client.ok('CREATE level/one')
    await client.ok('DELETE level')
    await client.ok('CREATE taken/one')
    await client.ok('DELETE taken')
    expect((await client.command(`RENAME level ${target}`)).tagged).toContain(`NO [${code}]`)
    await client.ok('STATUS level/one (MESSAGES)')
  })
})
