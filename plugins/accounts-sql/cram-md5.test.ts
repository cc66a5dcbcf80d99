import { readFileSync } from 'node:fs'
import type { Accounts } from 'mailwright'
import database from 'mailwright/plugins/database'
import { addressOf, createTestHost, loginByCramMd5 } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'
import accountsSql, { type AccountsSqlInput } from './index.ts'

// What a provider with CRAM-MD5 must do is in the contract; here is how this one comes to what it needs.

const login = 'jo@example.org'
const jo = addressOf(login)

function start(base: DatabaseUnderTest, cramMd5?: AccountsSqlInput['cramMd5']): Promise<SqlAccounts> {
  return startSqlAccounts(base, { options: cramMd5 === undefined ? {} : { cramMd5 } })
}

/** `true`, or why a login by CRAM-MD5 fails. */
async function cramMd5(accounts: Accounts, secret: string): Promise<true | string> {
  const verified = await loginByCramMd5(accounts, login, secret)
  return verified.ok || verified.reason
}

/** What is kept: of the account's password, and of its app password. */
async function kept({ database }: SqlAccounts): Promise<readonly string[]> {
  const account = await database.query((knex) => knex('accounts').first('password'))
  const app = await database.query((knex) => knex('app_passwords').first('hash'))
  return [account.password, app.hash].map((hash: string) => hash.replace(/(?<=^\$argon2id|\}).*/, ''))
}

it('keeps nothing for it unless it is told to, offers it when it is told to, and goes back', async () => {
  await using base = await databaseUnderTest()
  const off = await start(base)
  await off.administration.addDomain('example.org')
  await off.administration.addAccount({ address: jo, password: 'secret' })
  const { secret: phone } = await off.administration.addAppPassword(jo, { name: 'Phone' })
  expect([off.accounts.supports.cramMd5, off.accounts.verifyCramMd5]).toEqual([false, undefined])
  await off.stop()
  const keeping = await start(base, {})
  expect([keeping.accounts.supports.cramMd5, keeping.accounts.verifyCramMd5]).toEqual([false, undefined])
  await keeping.accounts.verify(login, 'wrong', 'imap')
  expect(await kept(keeping)).toEqual(['$argon2id', '{SSHA256}'])
  for (const secret of ['secret', phone]) await keeping.accounts.verify(login, secret, 'imap')
  expect(await kept(keeping)).toEqual(['{CRAM-MD5}', '{CRAM-MD5}'])
  await keeping.stop()
  const offering = await start(base, { offer: true })
  for (const secret of ['secret', phone]) expect(await cramMd5(offering.accounts, secret)).toBe(true)
  expect((await offering.administration.appPasswords(jo))[0]).toMatchObject({ lastUsedAt: expect.any(Date) })
  await offering.stop()
  const again = await start(base)
  for (const secret of ['secret', phone])
    expect(await again.accounts.verify(login, secret, 'imap')).toMatchObject({ ok: true })
  expect(await kept(again)).toEqual(['$argon2id', '{SSHA256}'])
  await again.stop()
})

it('takes what another system has kept in clear or for it', async () => {
  await using base = await databaseUnderTest()
  const system = await start(base, { offer: true })
  const { accounts, administration, database } = system
  await administration.addDomain('example.org')
  // `doveadm pw -s CRAM-MD5 -p tanstaaftanstaaf`
  const hash = '{CRAM-MD5}d06d4e1b26fccaa4b0b61801132340a354b21152711fb604ca3e035e7015116b'
  await administration.addAccount({ address: jo, hash })
  expect(await cramMd5(accounts, 'tanstaaftanstaaf')).toBe(true)
  await accounts.verify(login, 'tanstaaftanstaaf', 'imap')
  expect(await cramMd5(accounts, 'tanstaaftanstaaf'), 'after a login in clear').toBe(true)
  await database.query((knex) => knex('accounts').update({ password: '{PLAIN}in clear' }))
  expect([await cramMd5(accounts, 'in clear'), await cramMd5(accounts, 'tanstaaftanstaaf')]).toEqual([
    true,
    'wrong-secret',
  ])
  await accounts.verify(login, 'in clear', 'imap')
  const [row] = await database.query((knex) => knex('accounts').select('password'))
  expect(row.password).toMatch(/^\{CRAM-MD5\}/)
  await system.stop()
})

it('is found by the query of docs/passwords.md', async () => {
  await using base = await databaseUnderTest()
  const system = await start(base, {})
  const page = readFileSync(new URL('../../docs/passwords.md', import.meta.url), 'utf8')
  const [, query = ''] = /```sql\n(SELECT.*?CRAM-MD5.*?)```/s.exec(page) ?? []
  const { administration, database } = system
  await administration.addDomain('example.org')
  await administration.addAccount({ address: jo, password: 'secret' })
  await administration.addAppPassword(jo, { name: 'Phone' })
  const found = () => database.query(async (knex) => (await knex.raw(query)).flat())
  const secrets = (await found()).map((row: Record<string, unknown>) => [row.local_part, row.secret])
  expect(secrets).toContainEqual(['jo', 'password'])
  expect(secrets).toContainEqual(['jo', 'Phone'])
  await database.query((knex) => knex('accounts').update({ password: '$argon2id$' }))
  expect(JSON.stringify(await found())).not.toContain('"password"')
  await system.stop()
})

it('warns where it is kept, and where it is offered, too', async () => {
  await using base = await databaseUnderTest()
  const warningsWith = async (cramMd5: NonNullable<AccountsSqlInput['cramMd5']>) => {
    await using host = await createTestHost({ plugins: [database(base.options), accountsSql({ cramMd5 })] })
    return host.log.lines.filter(({ level }) => level === 'warn').map(({ event, text }) => [event, text])
  }
  expect(await warningsWith({})).toEqual([
    [
      'starting',
      expect.stringMatching('kept for CRAM-MD5, which is not offered.*next to a password in clear'),
    ],
  ])
  expect(await warningsWith({ offer: true })).toEqual([
    ['starting', expect.stringContaining('CRAM-MD5 is offered')],
  ])
})
