import type { AccountsExistingInput } from 'mailwright/plugins/accounts-existing'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { createSite, type Site } from '../../test/support/existing-site.ts'

let underTest: DatabaseUnderTest
let site: Site

beforeEach(async () => {
  underTest = await databaseUnderTest()
  site = await createSite(underTest.options, 'postfix-courier')
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

describe(`the tables of the classic how-tos on ${databaseKind}`, () => {
  beforeEach(async () => {
    await site.insert('domains', [{ domain: 'example.org' }, { domain: 'moved.example' }])
  })

  const options: AccountsExistingInput = { preset: 'postfix-courier' }

  it('leaves a domain to the host that its transport names', async () => {
    await site.insert('transport', [
      { domain: 'example.org', transport: 'virtual:' },
      { domain: 'moved.example', transport: 'smtp:[192.0.2.1]' },
    ])
    const { accounts } = await site.read(options)
    expect(await accounts.domain('example.org')).toEqual({ name: 'example.org' })
    expect(await accounts.domain('moved.example')).toBeUndefined()
    const without = await site.read({ ...options, tables: { transports: null } })
    expect(await without.accounts.domain('moved.example')).toEqual({ name: 'moved.example' })
  })

  it('reads what Courier reads', async () => {
    await site.insert('users', [
      { id: 'jo@example.org', clear: 'secret', name: 'Jo', quota: '1000000S,500C', maildir: 'jo/' },
    ])
    const { accounts } = await site.read(options)
    expect(await accounts.byId('jo@example.org')).toMatchObject({
      name: 'Jo',
      quotaBytes: 1_000_000,
      attributes: { uid: '5000', gid: '5000', home: '/home/vmail', maildir: 'jo/' },
    })
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  })

  it('believes the hash alone where there is one', async () => {
    await site.insert('users', [{ id: 'jo@example.org', crypt: '{PLAIN}hashed', clear: 'clear' }])
    const { accounts } = await site.read(options)
    expect(await accounts.verify('jo@example.org', 'hashed', 'imap')).toMatchObject({ ok: true })
    expect(await accounts.verify('jo@example.org', 'clear', 'imap')).toMatchObject({ ok: false })
  })

  it('lets nobody in whose password is empty or looks like a scheme', async () => {
    await site.insert('users', [{ id: 'none@example.org' }, { id: 'odd@example.org', clear: '{SHA}x' }])
    const { accounts } = await site.read(options)
    for (const secret of ['', ' ', 'x'])
      expect(await accounts.verify('none@example.org', secret, 'imap')).toMatchObject({ ok: false })
    expect(await accounts.verify('odd@example.org', '{SHA}x', 'imap')).toMatchObject({ ok: true })
  })

  it('takes the settings of an authmysqlrc', async () => {
    await site.insert('users', [{ id: 'jo', clear: 'secret', auxoptions: 'disablepop3=1,group=x' }])
    const { accounts } = await site.read({
      ...options,
      authmysqlrc: {
        MYSQL_USER_TABLE: 'users',
        MYSQL_LOGIN_FIELD: 'id',
        MYSQL_CLEAR_PWFIELD: 'clear',
        MYSQL_UID_FIELD: '5000',
        MYSQL_HOME_FIELD: "'/home/vmail'",
        MYSQL_AUXOPTIONS_FIELD: 'auxoptions',
        DEFAULT_DOMAIN: 'Example.org',
      },
    })
    const account = {
      id: 'jo',
      address: addressOf('jo@example.org'),
      disabledProtocols: ['pop3'],
      attributes: { uid: '5000', home: '/home/vmail' },
    }
    expect(await accounts.resolve(addressOf('jo@example.org'))).toEqual({ kind: 'account', account })
    for (const login of ['jo', 'JO', 'jo@example.org'])
      expect(await accounts.verify(login, 'secret', 'imap'), login).toEqual({ ok: true, account })
    expect(await accounts.verify('jo', 'secret', 'pop3')).toEqual({ ok: false, reason: 'protocol' })
    expect(await accounts.byId('jo')).toEqual(account)
  })

  it('refuses to write hashes into a column that would cut them', async () => {
    await site.database.query((knex) =>
      knex.schema.createTable('people', (table) => {
        table.string('email', 80)
        table.string('password', 20)
      }),
    )
    const read = site.read({
      ...options,
      authmysqlrc: {
        MYSQL_USER_TABLE: 'people',
        MYSQL_LOGIN_FIELD: 'email',
        MYSQL_CRYPT_PWFIELD: 'password',
      },
      passwords: { rehash: true },
    })
    expect(await messageOf(read)).toBe(
      'passwords.rehash: the column "password" of "people" holds 20 characters, a hash has 107',
    )
  })

  it('has logins of their own kind', async () => {
    await site.database.query((knex) =>
      knex.schema.alterTable('users', (table) => {
        table.string('nick', 50).nullable()
        table.integer('number').nullable()
      }),
    )
    await site.insert('users', [{ id: 'jo@example.org', clear: 'secret', nick: 'jojo', number: 7 }])
    const { accounts } = await site.read({
      ...options,
      tables: { accounts: { columns: { login: 'nick', id: 'number' } } },
    })
    const account = await accounts.byId('7')
    expect(account?.address).toEqual(addressOf('jo@example.org'))
    for (const id of ['07', '7x', ' 7', '0', 'x']) expect(await accounts.byId(id), id).toBeUndefined()
    expect(await accounts.verify('JoJo', 'secret', 'imap')).toEqual({ ok: true, account })
    for (const login of ['jo@example.org', 'jojo ', 'jójo', "' or '1'='1", '%', ''])
      expect(await accounts.verify(login, 'secret', 'imap'), login).toEqual({ ok: false, reason: 'unknown' })
  })
})
