import { type AccountStore, MailwrightError } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap/imap-altered-store.ts'

async function unavailable(): Promise<never> {
  throw new MailwrightError('MAIL_E_UNAVAILABLE', 'the disk is gone')
}

describe('a store that calls mailboxes otherwise than clients do', () => {
  const lowerCase = (inner: AccountStore): Partial<AccountStore> => ({
    createMailbox: (name) => inner.createMailbox(name.toLowerCase()),
    renameMailbox: (from, to) => inner.renameMailbox(from.toLowerCase(), to.toLowerCase()),
    status: (name) => inner.status(name === 'INBOX' ? name : name.toLowerCase()),
    openMailbox: (name) => inner.openMailbox(name === 'INBOX' ? name : name.toLowerCase()),
  })

  it('is known by OLDNAME to clients of RFC 9051 (RFC 9051 §6.3.9.7)', async () => {
    await using system = await clientOverStore({ account: lowerCase })
    const { client } = system
    expect(await client.ok('CREATE Foo')).toEqual([])
    await client.ok('ENABLE IMAP4rev2')
    expect(await client.ok('CREATE "Bar Bar"')).toEqual(['LIST () "/" "bar bar" ("OLDNAME" ("Bar Bar"))'])
    expect(await client.ok('RENAME Foo Zap')).toEqual(['LIST () "/" zap ("OLDNAME" (Foo))'])
    expect(await client.ok('RENAME zap x')).toEqual([])
  })
})

describe('a store that renames no levels', () => {
  it('is asked for each mailbox that is below no other one', async () => {
    const renamed: string[] = []
    await using system = await clientOverStore({
      account: (inner) => ({
        async renameMailbox(from, to) {
          await inner.status(from)
          renamed.push(from)
          await inner.renameMailbox(from, to)
        },
      }),
    })
    const { client } = system
    for (const name of ['lev/a/b', 'lev/a-b', 'lev/c/d/e']) await client.ok(`CREATE ${name}`)
    for (const name of ['lev/c/d', 'lev/c', 'lev']) await client.ok(`DELETE ${name}`)
    await client.ok('RENAME lev new')
    expect(renamed).toEqual(['lev/a', 'lev/a-b', 'lev/c/d/e'])
    await client.ok('STATUS new/a/b (MESSAGES)')
    expect((await client.command('RENAME lev other')).tagged).toMatch(/^NO \[NONEXISTENT\]/)
  })
})

describe('an account with as many subscriptions as there may be', () => {
  it('keeps them, may take them back, and gets no others', async () => {
    const names = new Set(Array.from({ length: 10_001 }, (_, at) => `m${at}`))
    await using system = await clientOverStore({
      account: () => ({
        subscriptions: async () => [...names],
        async subscribe(name, subscribed) {
          if (subscribed) names.add(name)
          else names.delete(name)
        },
      }),
    })
    const { client } = system
    expect((await client.command('SUBSCRIBE other')).tagged).toMatch(/^NO \[LIMIT\] /)
    await client.ok('SUBSCRIBE m7')
    await client.ok('UNSUBSCRIBE m7')
    await client.ok('UNSUBSCRIBE m8')
    await client.ok('SUBSCRIBE other')
    expect((await client.command('SUBSCRIBE m7')).tagged).toMatch(/^NO \[LIMIT\] /)
  })
})

describe('a store that gives other UIDs to what is renamed', () => {
  it('closes the mailbox', async () => {
    await using system = await clientOverStore({
      account: (inner) => ({
        async openMailbox(name) {
          const opened = await inner.openMailbox(name)
          return name === 'b' ? overlay(opened, { uidValidity: opened.uidValidity + 1 }) : opened
        },
      }),
    })
    const { client } = system
    await client.ok('CREATE a')
    await client.ok('SELECT a')
    expect(await client.ok('RENAME a b')).toEqual(['OK [CLOSED] The mailbox is another one now'])
    expect((await client.command('FETCH 1 FLAGS')).tagged).toMatch(/^BAD /)
  })
})

describe('a store that fails after the work is done', () => {
  it('has done it all the same', async () => {
    await using system = await clientOverStore({
      account: (inner) => ({
        status: unavailable,
        openMailbox: (name) => (name === 'b' ? unavailable() : inner.openMailbox(name)),
      }),
    })
    const { client } = system
    expect((await client.command('CREATE a')).tagged).toBe('OK Created')
    await client.ok('SELECT a')
    expect(await client.command('RENAME a b')).toEqual({
      untagged: ['OK [CLOSED] The mailbox is another one now'],
      tagged: 'OK Renamed',
    })
  })
})

it.each(['CREATE a', 'DELETE INBOX', 'RENAME INBOX a', 'SUBSCRIBE a'])(
  '%s is answered NO where the store fails',
  async (command) => {
    await using system = await clientOverStore({
      account: () => ({
        createMailbox: unavailable,
        deleteMailbox: unavailable,
        renameMailbox: unavailable,
        subscribe: unavailable,
      }),
    })
    expect((await system.client.command(command)).tagged).toMatch(/^NO \[UNAVAILABLE\] /)
  },
)
