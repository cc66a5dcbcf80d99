import { type AccountStore, MailwrightError } from 'mailwright'
import { overlay } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { clientOverStore } from '../../../../test/support/imap-altered-store.ts'

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
