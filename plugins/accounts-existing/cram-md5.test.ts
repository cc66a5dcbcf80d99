import { Readable } from 'node:stream'
import { hashForCramMd5, hashPassword } from 'mailwright/accounts'
import database from 'mailwright/plugins/database'
import { createTestHost, loginByCramMd5 } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { createSite, type Site } from '../../test/support/existing-site.ts'
import accountsExisting from './index.ts'
import { parseOptions } from './options.ts'
import { passwordCommand } from './password-command.ts'
import { TableSchema } from './table-schema.ts'

const domain = 'example.org'

async function insert(site: Site, name: string, password: string, active = 1): Promise<void> {
  const username = `${name}@${domain}`
  await site.insert('mailbox', [{ username, password, name, maildir: `${name}/`, quota: 0, domain, active }])
}

it('offers CRAM-MD5 by what the site keeps, and never takes it away', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  const kept = hashForCramMd5('secret')
  await insert(site, 'jo', kept)
  await insert(site, 'plain', '{PLAIN}secret')
  await insert(site, 'bare', 'secret')
  await insert(site, 'argon', await hashPassword('secret'))
  await insert(site, 'off', kept, 0)
  const passwords = { cramMd5: true, rehash: true, plain: true }
  const { accounts } = await site.read({ preset: 'postfixadmin', passwords })
  const cramMd5 = async (name: string, secret = 'secret') => {
    const verified = await loginByCramMd5(accounts, `${name}@${domain}`, secret)
    return verified.ok || verified.reason
  }
  for (const name of ['jo', 'plain', 'bare']) {
    expect([await cramMd5(name), await cramMd5(name, 'wrong')], name).toEqual([true, 'wrong-secret'])
    expect(await accounts.verify(`${name}@${domain}`, 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await cramMd5(name), `${name}, after a login in clear`).toBe(true)
  }
  expect([await cramMd5('argon'), await cramMd5('off'), await cramMd5('nosuch')]).toEqual([
    'no-keys',
    'disabled',
    'unknown',
  ])
})

it('takes Courier’s column of passwords in clear', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  await insert(site, 'jo', 'secret')
  const columns = { password: null, clear: 'password' }
  const options = { passwords: { cramMd5: true }, tables: { accounts: { columns } } } as const
  const { accounts } = await site.read({ preset: 'postfixadmin', ...options })
  expect(await loginByCramMd5(accounts, 'jo@example.org', 'secret')).toMatchObject({ ok: true })
})

it('takes the password in clear beside a hash, but only where it is the hash’s', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  await insert(site, 'jo', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=')
  // The column of names stands in for Courier's `clear`.
  const options = {
    passwords: { cramMd5: true },
    tables: { accounts: { columns: { clear: 'name', name: null } } },
  } as const
  const { accounts } = await site.read({ preset: 'postfixadmin', ...options })
  const keepInClear = (name: string) => site.database.query((knex) => knex('mailbox').update({ name }))
  const cramMd5 = async (secret: string) => {
    const verified = await loginByCramMd5(accounts, 'jo@example.org', secret)
    return verified.ok || verified.reason
  }
  await keepInClear('secret')
  expect([await cramMd5('secret'), await cramMd5('wrong')]).toEqual([true, 'wrong-secret'])
  await keepInClear('stale')
  expect([await cramMd5('secret'), await cramMd5('stale')]).toEqual(['wrong-secret', 'wrong-secret'])
})

it('keeps a password that is set by command good for it', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  await insert(site, 'jo', hashForCramMd5('secret'))
  const passwords = { cramMd5: true, writeBack: true }
  const { accounts } = await site.read({ preset: 'postfixadmin', passwords })
  const { tables } = parseOptions({ preset: 'postfixadmin' })
  if (tables === undefined) throw new Error('no tables')
  const context = { database: site.database, schema: new TableSchema(tables, undefined), passwords }
  await passwordCommand(context, Readable.from([Buffer.from('next\n')])).run({
    arguments: ['jo@example.org'],
    options: {},
  })
  expect(await loginByCramMd5(accounts, 'jo@example.org', 'next')).toMatchObject({ ok: true })
  expect(await accounts.verify('jo@example.org', 'next', 'imap')).toMatchObject({ ok: true })
})

it('replaces such a password where nobody is offered CRAM-MD5', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  await insert(site, 'jo', hashForCramMd5('secret'))
  const { accounts } = await site.read({ preset: 'postfixadmin', passwords: { rehash: true } })
  expect([accounts.supports.cramMd5, accounts.verifyCramMd5]).toEqual([false, undefined])
  expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  const [row] = await site.database.query((knex) => knex('mailbox').select('password'))
  expect(row.password).toMatch(/^\{ARGON2ID\}/)
})

it('warns where it is offered', async () => {
  await using base = await databaseUnderTest()
  await using _site = await createSite(base.options, 'postfixadmin')
  const warningsWith = async (cramMd5: boolean) => {
    const accounts = accountsExisting({ preset: 'postfixadmin', passwords: { cramMd5 } })
    await using host = await createTestHost({ plugins: [database(base.options), accounts] })
    return host.log.lines.filter(({ level }) => level === 'warn').map(({ event, text }) => [event, text])
  }
  expect(await warningsWith(false)).toEqual([])
  expect(await warningsWith(true)).toEqual([['starting', expect.stringContaining('CRAM-MD5 is offered')]])
})
