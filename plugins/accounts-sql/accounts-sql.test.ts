import { hash } from '@node-rs/argon2'
import type { AccountsAdministration } from 'mailwright'
import { addressOf, codeOf, expectCode } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'

describe('accounts-sql', () => {
  let base: DatabaseUnderTest
  let system: SqlAccounts

  beforeEach(async () => {
    base = await databaseUnderTest()
    system = await startSqlAccounts(base)
    await system.administration.addDomain('example.org')
  })

  afterEach(async () => {
    await system.stop()
    await base[Symbol.asyncDispose]()
  })

  const jo = addressOf('jo@example.org')
  const admin = (): AccountsAdministration => system.administration
  const setColumns = (columns: object): Promise<unknown> =>
    system.database.query((knex) => knex('accounts').update(columns))
  const storedPassword = (): Promise<string> =>
    system.database.query(async (knex) => (await knex('accounts').first('password')).password)

  it('hashes again at a login what was hashed in another way', async () => {
    await admin().addAccount({ address: jo })
    const weak = await hash('secret', { memoryCost: 1024, timeCost: 1 })
    await setColumns({ password: weak })
    expect(await system.accounts.verify('jo@example.org', 'wrong', 'imap')).toMatchObject({ ok: false })
    expect(await storedPassword()).toBe(weak)
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    const renewed = await storedPassword()
    expect(renewed).toContain('m=19456,t=2')
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await storedPassword()).toBe(renewed)
  })

  it('lets people in also where the better hash cannot be kept', async () => {
    await admin().addAccount({ address: jo })
    await setColumns({ password: await hash('secret', { memoryCost: 1024, timeCost: 1 }) })
    await base.refuseChanges(system.database)
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  })

  it('keeps disabled accounts out, and says so only to who knows the password', async () => {
    await admin().addAccount({ address: jo, password: 'secret' })
    await setColumns({ disabled: true })
    const { accounts: service } = system
    expect(await service.verify('jo@example.org', 'secret', 'imap')).toEqual({
      ok: false,
      reason: 'disabled',
    })
    expect(await service.verify('jo@example.org', 'wrong', 'imap')).toEqual({
      ok: false,
      reason: 'wrong-secret',
    })
  })

  it('fails closed for a malformed hash', async () => {
    await admin().addAccount({ address: jo })
    for (const password of ['', '!', 'secret', '$argon2id$']) {
      await setColumns({ password })
      expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: false })
    }
  })

  it('gives an address to an account or an alias, never to both, whoever comes first', async () => {
    const target = addressOf('x@elsewhere.example')
    for (let round = 0; round < 10; round++) {
      const address = addressOf(`round${round}@example.org`)
      const outcomes = await Promise.allSettled([
        admin().addAccount({ address }),
        admin().addAlias(address, target),
        admin().addAccount({ address }),
      ])
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(codeOf(outcome.reason)).toBe('MAIL_E_EXISTS')
      }
    }
  })

  it('takes a password that another process has changed at once, and the old one no longer', async () => {
    const other = await startSqlAccounts(base)
    await other.administration.addAccount({ address: jo, password: 'secret' })
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    await admin().setPassword(jo, 'changed')
    expect(await other.accounts.verify('jo@example.org', 'changed', 'imap')).toMatchObject({ ok: true })
    expect(await other.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: false })
    await other.stop()
  })

  it('finds the alias of an address with a detail', async () => {
    await admin().addAlias(addressOf('sales@example.org'), jo)
    expect(await system.accounts.resolve(addressOf('Sales+2026@example.org'))).toEqual({
      kind: 'alias',
      via: 'alias',
      addresses: [jo],
    })
  })

  it('keeps apart what some databases take for the same', async () => {
    const [plain, spaced] = [addressOf('"jo"@example.org'), addressOf('"jo "@example.org')]
    await admin().addAccount({ address: plain, name: 'plain' })
    expect(await system.accounts.resolve(spaced)).toEqual({ kind: 'unknown' })
    await admin().addAccount({ address: spaced, name: 'spaced' })
    await admin().addAccount({ address: addressOf('jö@example.org') })
    expect(await system.accounts.resolve(spaced)).toMatchObject({ account: { name: 'spaced' } })
    await admin().removeAccount(spaced)
    expect(await system.accounts.resolve(plain)).toMatchObject({ account: { name: 'plain' } })
  })

  it('takes the longest key an address can have', async () => {
    const address = addressOf(`${'İ'.repeat(32)}@${'a.'.repeat(120)}example`)
    await admin().addDomain(address.domain)
    await admin().addAccount({ address })
    expect(await system.accounts.resolve(address)).toMatchObject({ kind: 'account' })
  })

  it('refuses to list what is no domain', async () => {
    await expectCode(admin().accounts("x' or 1=1"), 'MAIL_E_INVALID')
    await expectCode(admin().removeDomain('nosuch.example'), 'MAIL_E_NOT_FOUND')
  })
})
