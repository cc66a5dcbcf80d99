import type { Accounts } from 'mailwright'
import { hashForScram, verifyPassword } from 'mailwright/accounts'
import { addressOf, loginByScram } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'
import type { AccountsSqlInput } from './index.ts'

// What a provider with keys for SCRAM must do is in the contract; here is how this one comes to its keys.

const login = 'jo@example.org'
const jo = addressOf(login)
const offered = { offer: true, iterations: 4096 }

async function start(base: DatabaseUnderTest, scram?: AccountsSqlInput['scram']): Promise<SqlAccounts> {
  return startSqlAccounts(base, { options: scram === undefined ? {} : { scram } })
}

/** `true`, or why a login by SCRAM fails. */
async function scram(accounts: Accounts, secret: string): Promise<true | string> {
  const verified = await loginByScram(accounts, login, secret)
  return verified.ok || verified.reason
}

async function row({ database }: SqlAccounts, table = 'accounts'): Promise<Record<string, string | null>> {
  return database.query((knex) => knex(table).first())
}

it('keeps no keys unless it is told to, and offers none before it is told to', async () => {
  await using base = await databaseUnderTest()
  const off = await start(base)
  await off.administration.addDomain('example.org')
  await off.administration.addAccount({ address: jo, password: 'secret' })
  await off.accounts.verify(login, 'secret', 'imap')
  expect(await row(off)).toMatchObject({ scram_keys: null, scram_of: null })
  expect([off.accounts.supports.scram, off.accounts.scramVerifier]).toEqual([false, undefined])
  await off.stop()
  const keeping = await start(base, { iterations: 4096 })
  expect([keeping.accounts.supports.scram, keeping.accounts.scramVerifier]).toEqual([false, undefined])
  await keeping.accounts.verify(login, 'wrong', 'imap')
  expect(await row(keeping)).toMatchObject({ scram_keys: null })
  await keeping.accounts.verify(login, 'secret', 'imap')
  const { scram_keys: keys, password } = await row(keeping)
  expect(await verifyPassword('secret', keys ?? '')).toBe(true)
  expect(password).toMatch(/^\$argon2id\$/)
  await keeping.stop()
})

it('makes keys at the next login in clear, of the account’s own password and of app passwords', async () => {
  await using base = await databaseUnderTest()
  const off = await start(base)
  await off.administration.addDomain('example.org')
  await off.administration.addAccount({ address: jo, password: 'secret' })
  const { secret: phone } = await off.administration.addAppPassword(jo, { name: 'Phone' })
  await off.stop()
  const system = await start(base, offered)
  const { accounts } = system
  expect([await scram(accounts, 'secret'), await scram(accounts, phone)]).toEqual(['no-keys', 'no-keys'])
  await accounts.verify(login, phone, 'imap')
  expect([await scram(accounts, 'secret'), await scram(accounts, phone)]).toEqual(['wrong-secret', true])
  await accounts.verify(login, 'secret', 'imap')
  expect([await scram(accounts, 'secret'), await scram(accounts, phone)]).toEqual([true, true])
  const [before] = [await row(system)]
  await accounts.verify(login, 'secret', 'imap')
  expect(await row(system), 'they stay as they are').toEqual(before)
  expect((await system.administration.appPasswords(jo))[0]).toMatchObject({ lastUsedAt: expect.any(Date) })
  await system.stop()
})

it('a password that is changed without keys, or in the table, takes the old one from SCRAM too', async () => {
  await using base = await databaseUnderTest()
  const first = await start(base, offered)
  await first.administration.addDomain('example.org')
  await first.administration.addAccount({ address: jo, password: 'old' })
  const kept = await row(first)
  await first.database.query((knex) => knex('accounts').update({ password: '{PLAIN}by hand' }))
  expect(await scram(first.accounts, 'old')).toBe('no-keys')
  expect(await first.accounts.verify(login, 'by hand', 'imap')).toMatchObject({ ok: true })
  expect([await scram(first.accounts, 'old'), await scram(first.accounts, 'by hand')]).toEqual([
    'wrong-secret',
    true,
  ])
  await first.stop()
  const off = await start(base)
  await off.administration.setPassword(jo, 'new')
  expect(await row(off)).toMatchObject({ scram_keys: null, scram_of: null })
  await off.database.query((knex) => knex('accounts').update({ scram_keys: kept.scram_keys ?? null }))
  await off.stop()
  const last = await start(base, offered)
  expect([await scram(last.accounts, 'old'), await scram(last.accounts, 'new')]).toEqual([
    'no-keys',
    'no-keys',
  ])
  await last.stop()
})

it('knows the keys of another system, and goes on with their salt', async () => {
  await using base = await databaseUnderTest()
  const system = await start(base, offered)
  const { accounts, administration, database } = system
  await administration.addDomain('example.org')
  await administration.addAccount({ address: jo })
  // `doveadm pw -s SCRAM-SHA-256` for "secret" with a salt of its own.
  const foreign = `{SCRAM-SHA-256}5000,${Buffer.from('a foreign salt').toString('base64')},`
  const password = await hashForScram('secret', { salt: Buffer.from('a foreign salt'), iterations: 5000 })
  expect(password).toContain(foreign)
  await database.query((knex) => knex('accounts').update({ password }))
  expect(await scram(accounts, 'secret')).toBe(true)
  const { secret: phone } = await administration.addAppPassword(jo, { name: 'Phone' })
  await accounts.verify(login, 'secret', 'imap')
  expect(await row(system)).toMatchObject({
    password: expect.stringMatching(/^\$argon2id/),
    scram_keys: password,
  })
  await administration.setPassword(jo, 'second')
  expect([await scram(accounts, 'second'), await scram(accounts, phone)]).toEqual([true, true])
  await system.stop()
})

it('goes with an account that is removed and restored', async () => {
  await using base = await databaseUnderTest()
  const { accounts, administration, stop } = await start(base, offered)
  await administration.addDomain('example.org')
  await administration.addAccount({ address: jo, password: 'secret' })
  await administration.removeAccount(jo)
  expect(await scram(accounts, 'secret')).toBe('unknown')
  await administration.restoreAccount(jo)
  expect(await scram(accounts, 'secret')).toBe(true)
  await stop()
})

it('a login succeeds also where nothing can be kept of it', async () => {
  await using base = await databaseUnderTest()
  const system = await start(base)
  await system.administration.addDomain('example.org')
  await system.administration.addAccount({ address: jo, password: 'secret' })
  await system.stop()
  const again = await start(base, offered)
  await base.refuseChanges(again.database)
  expect(await again.accounts.verify(login, 'secret', 'imap')).toMatchObject({ ok: true })
  expect(await scram(again.accounts, 'secret')).toBe('no-keys')
  await again.stop()
})
