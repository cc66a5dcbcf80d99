import { hashForScram, hashPassword } from 'mailwright/accounts'
import { loginByScram } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { createSite, type Site } from '../../test/support/existing-site.ts'

const domain = 'example.org'
const settings = { salt: Buffer.from('a salt of theirs'), iterations: 5000 }

async function insert(site: Site, name: string, password: string, active = 1): Promise<void> {
  const username = `${name}@${domain}`
  await site.insert('mailbox', [{ username, password, name, maildir: `${name}/`, quota: 0, domain, active }])
}

it('offers SCRAM by the site’s own hashes, and never takes them away', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  const keys = await hashForScram('secret', settings)
  await insert(site, 'jo', keys)
  await insert(site, 'bare', keys.slice('{SCRAM-SHA-256}'.length))
  await insert(site, 'argon', await hashPassword('secret'))
  await insert(site, 'off', keys, 0)
  const passwords = { scram: true, scramIterations: 5000, rehash: true, defaultScheme: 'SCRAM-SHA-256' }
  const { accounts } = await site.read({ preset: 'postfixadmin', passwords })
  const scram = async (name: string, secret = 'secret') => {
    const verified = await loginByScram(accounts, `${name}@${domain}`, secret)
    return verified.ok || verified.reason
  }
  expect([await scram('jo'), await scram('bare'), await scram('jo', 'wrong')]).toEqual([
    true,
    true,
    'wrong-secret',
  ])
  expect([await scram('argon'), await scram('off'), await scram('nosuch')]).toEqual([
    'no-keys',
    'disabled',
    'unknown',
  ])
  expect(await accounts.scramVerifier?.('nosuch@example.org', 'imap', 'SCRAM-SHA-256')).toMatchObject({
    iterations: 5000,
  })
  expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  expect(await scram('jo'), 'after a login in clear').toBe(true)
  expect(await accounts.identify?.('off@example.org', 'imap')).toEqual({ ok: false, reason: 'disabled' })
  expect(await accounts.identify?.('argon@example.org', 'imap')).toMatchObject({ ok: true })
})

it('replaces such a hash where nobody is offered SCRAM', async () => {
  await using base = await databaseUnderTest()
  await using site = await createSite(base.options, 'postfixadmin')
  await site.insert('domain', [{ domain }])
  await insert(site, 'jo', await hashForScram('secret', settings))
  const { accounts } = await site.read({ preset: 'postfixadmin', passwords: { rehash: true } })
  expect([accounts.supports.scram, accounts.scramVerifier]).toEqual([false, undefined])
  await accounts.verify('jo@example.org', 'secret', 'imap')
  const [row] = await site.database.query((knex) => knex('mailbox').select('password'))
  expect(row.password).toMatch(/^\{ARGON2ID\}/)
})
