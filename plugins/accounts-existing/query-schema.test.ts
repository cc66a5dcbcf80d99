import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { createSite, kindOf, type Site } from '../../test/support/existing-site.ts'

let underTest: DatabaseUnderTest
let site: Site

beforeEach(async () => {
  underTest = await databaseUnderTest()
  site = await createSite(underTest.options, 'dovecot-sql')
})

afterEach(async () => {
  await site[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) => error.message,
  )

describe(`queries on ${databaseKind}`, () => {
  beforeEach(async () => {
    await site.insert('virtual_domains', [{ id: 1, name: 'example.org' }])
    await site.insert('users', [
      { userid: 'jo', domain: 'example.org', password: '{PLAIN}secret', home: '/home/jo', full_name: 'Jo' },
      { userid: 'off', domain: 'example.org', password: '{PLAIN}secret', enabled: 'N' },
    ])
  })

  const dovecot = {
    preset: 'dovecot-sql',
    domainQuery: "SELECT name FROM virtual_domains WHERE name = '%d'",
    passwordQuery: "SELECT password FROM users WHERE userid = '%n' AND domain = '%d' AND enabled = 'Y'",
    userQuery: "SELECT home, 'x' AS kind FROM users WHERE userid = '%n' AND domain = '%d' AND enabled = 'Y'",
  } as const

  it('takes rows that do not say whose they are for plain addresses only', async () => {
    const reader = await site.read(dovecot)
    expect(await reader.accounts.resolve(addressOf('JO@example.org'))).toEqual({
      kind: 'account',
      account: {
        id: 'jo@example.org',
        address: { localPart: 'JO', domain: 'example.org' },
        attributes: { home: '/home/jo', kind: 'x' },
      },
    })
    for (const text of ['jó@example.org', '"jo "@example.org', 'off@example.org'])
      expect(await kindOf(reader, text), text).toBe('unknown')
    expect(await reader.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    for (const login of ['jó@example.org', '"jo "@example.org', 'off@example.org', "jo' -- @example.org"])
      expect(await reader.accounts.verify(login, 'secret', 'imap'), login).toMatchObject({
        reason: 'unknown',
      })
  })

  it('lets nobody in by a login that only a collation takes for another', async () => {
    const { accounts } = await site.read({
      ...dovecot,
      passwordQuery:
        "SELECT userid AS username, domain, password FROM users WHERE '%u' IN (userid, 'the-boss')",
      userQuery: "SELECT userid AS username, domain FROM users WHERE userid = '%n' AND domain = '%d'",
    })
    const login = (text: string) => accounts.verify(text, 'secret', 'imap')
    expect(await login('The-Boss')).toMatchObject({ ok: true, account: { id: 'jo@example.org' } })
    expect(await login('jo')).toMatchObject({ ok: true })
    for (const text of ['jó', 'thé-boss', 'jó@example.org', 'nobody'])
      expect(await login(text), text).toEqual({ ok: false, reason: 'unknown' })
    for (const text of ['jó@example.org', '"jo "@example.org'])
      expect(await kindOf({ accounts, commands: [], sort: async () => undefined }, text), text).toBe(
        'unknown',
      )
  })

  it('hands the service to the query', async () => {
    const { accounts } = await site.read({
      ...dovecot,
      passwordQuery: "SELECT password FROM users WHERE userid = '%n' AND '%s' IN ('imap', 'smtp')",
    })
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await accounts.verify('jo@example.org', 'secret', 'submission')).toMatchObject({ ok: true })
    expect(await accounts.verify('jo@example.org', 'secret', 'pop3')).toMatchObject({ ok: false })
  })

  it('names the queries that do not run or lack a column, and conditions that nobody would check', async () => {
    const problem = await messageOf(
      site.read({
        ...dovecot,
        domainQuery: "SELECT nosuch FROM virtual_domains WHERE name = '%d'",
        passwordQuery: "SELECT userid, '127.0.0.1' AS allow_nets FROM users WHERE userid = '%n'",
        aliasQuery: "SELECT destination FROM virtual_aliases WHERE source = '%u'",
      }),
    )
    expect(problem.split('\n')).toEqual([
      expect.stringMatching(/^domainQuery: cannot be run: .*nosuch/),
      'aliasQuery: has no column target',
      'passwordQuery: has no column password or clear',
      'passwordQuery: has the column allow_nets, a condition of logins that is not checked here',
    ])
  })

  it('writes passwords by a query', async () => {
    const { accounts } = await site.read({
      ...dovecot,
      setPasswordQuery:
        'UPDATE users SET password = :password WHERE userid = :localPart AND domain = :domain AND password = :oldPassword',
      passwords: { rehash: true },
    })
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    const rows = await site.database.query((knex) => knex('users').orderBy('userid').pluck('password'))
    expect(rows).toEqual([expect.stringMatching(/^\{ARGON2ID\}/), '{PLAIN}secret'])
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  })

  it('has alias domains and ids of its own queries', async () => {
    const { accounts } = await site.read({
      queries: {
        domain: `select name, null as alias_of from virtual_domains where name = :domain
          union select 'alias.example', 'example.org' from virtual_domains where :domain = 'alias.example'`,
        account: `select userid as username, domain, enabled as active, 17 as id, password
          from users where userid = :localPart and domain = :domain -- it's :ours`,
      },
    })
    expect(await accounts.domain('alias.example')).toEqual({ name: 'alias.example', aliasOf: 'example.org' })
    expect(await accounts.resolve(addressOf('jo@alias.example'))).toMatchObject({ account: { id: '17' } })
    expect(await accounts.resolve(addressOf('off@example.org'))).toMatchObject({
      account: { disabled: true },
    })
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await accounts.verify('off@example.org', 'secret', 'imap')).toMatchObject({ reason: 'disabled' })
  })
})
