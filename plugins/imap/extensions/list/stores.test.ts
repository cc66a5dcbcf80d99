import { MailwrightError } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'

async function unsupported(): Promise<never> {
  throw new MailwrightError('MAIL_E_UNSUPPORTED', 'this store cannot do that')
}

describe('a store', () => {
  it('without subscriptions has everybody subscribed to everything', async () => {
    await using system = await clientOverStore({
      supports: { subscriptions: false },
      account: () => ({ subscriptions: unsupported, subscribe: unsupported }),
    })
    const { client } = system
    await client.ok('CREATE a')
    expect(await client.ok('LSUB "" *')).toEqual(['LSUB () "/" INBOX', 'LSUB () "/" a'])
    expect(await client.ok('LIST (SUBSCRIBED) "" *')).toEqual([
      'LIST (\\Subscribed) "/" INBOX',
      'LIST (\\Subscribed) "/" a',
    ])
    expect((await client.command('SUBSCRIBE a')).tagged).toMatch(/^NO \[CANNOT\] /)
    expect((await client.command('CREATE b (USE (\\Sent))')).tagged).toMatch(/^NO \[USEATTR\] /)
    expect((await client.ok('CAPABILITY')).join()).not.toContain('SPECIAL-USE')
  })

  it('without mailboxes has an INBOX below which there is nothing', async () => {
    await using system = await clientOverStore({
      supports: { mailboxes: false },
      account: () => ({ createMailbox: unsupported }),
    })
    expect(await system.client.ok('LIST "" %')).toEqual(['LIST (\\Noinferiors \\HasNoChildren) "/" INBOX'])
    expect((await system.client.command('CREATE a')).tagged).toMatch(/^NO \[CANNOT\] /)
  })

  it('without rights and annotations does not tell of them', async () => {
    await using system = await clientOverStore({
      supports: { rights: false, metadata: false },
      account: () => ({
        accessList: unsupported,
        setAccess: unsupported,
        metadata: unsupported,
        setMetadata: unsupported,
      }),
    })
    const { client } = system
    expect((await client.ok('CAPABILITY')).join()).not.toMatch(/ACL|RIGHTS|METADATA/)
    expect(await client.ok('NAMESPACE')).toEqual(['NAMESPACE (("" "/")) NIL NIL'])
    expect(await client.ok('LIST "" * RETURN (METADATA (/private/x) MYRIGHTS)')).toEqual([
      'LIST () "/" INBOX',
      'MYRIGHTS INBOX lrswipkxteacd',
    ])
    for (const command of [
      'GETACL INBOX',
      'SETACL INBOX bob lr',
      'GETMETADATA "" /private/x',
      'GETMETADATA INBOX /private/x',
      'SETMETADATA INBOX (/private/x "y")',
    ])
      expect((await client.command(command)).tagged, command).toMatch(/^NO \[CANNOT\] /)
  })

  it('that fails for one mailbox tells of the others (RFC 5819 §2)', async () => {
    const failing = (error: () => Error) =>
      clientOverStore({
        account: (inner) => ({
          async status(name) {
            if (name === 'b') throw error()
            return inner.status(name)
          },
        }),
      })
    await using system = await failing(() => new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk'))
    for (const name of ['a', 'b', 'c']) await system.client.ok(`CREATE ${name}`)
    expect(await system.client.ok('LIST "" (a b c) RETURN (STATUS (MESSAGES))')).toEqual([
      'LIST () "/" a',
      'STATUS a (MESSAGES 0)',
      'LIST () "/" b',
      'LIST () "/" c',
      'STATUS c (MESSAGES 0)',
    ])
  })

  it('that fails altogether has LIST answered NO', async () => {
    await using system = await clientOverStore({
      account: () => ({
        mailboxes: async () => {
          throw new MailwrightError('MAIL_E_UNAVAILABLE', 'no disk')
        },
      }),
    })
    for (const command of ['LIST "" *', 'LSUB "" *'])
      expect((await system.client.command(command)).tagged).toMatch(/^NO \[UNAVAILABLE\] /)
  })

  it('with very many mailboxes has them listed, and others are served meanwhile', async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `level/${String(index).padStart(5, '0')}`)
    await using system = await clientOverStore({
      account: (inner) => ({
        async mailboxes() {
          const own = await inner.mailboxes()
          return [
            ...own,
            ...names.map((name) => ({ name, subscribed: false, namespace: 'personal' as const })),
          ]
        },
      }),
    })
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const listed = await system.client.ok('LIST "" (*7 level*%3 %)')
    clearInterval(timer)
    expect(listed).toHaveLength(4_002)
    expect(listed[1]).toBe('LIST (\\NonExistent \\HasChildren) "/" level')
    expect(turns).toBeGreaterThan(3)
  })
})

describe('clients of RFC 9051', () => {
  it('are told that a level is no mailbox by its own attribute', async () => {
    await using system = await clientOverStore({})
    const { client } = system
    await client.ok('CREATE a/b')
    await client.ok('DELETE a')
    await client.ok('ENABLE IMAP4rev2')
    expect(await client.ok('LIST "" a')).toEqual(['LIST (\\NonExistent \\HasChildren) "/" a'])
    await client.ok('CREATE "&"')
    expect(await client.ok('LIST "" "&"')).toEqual(['LIST (\\HasNoChildren) "/" &'])
  })
})
