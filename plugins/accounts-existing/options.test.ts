import { describe, expect, it } from 'vitest'
import { faultPathsOf, faultsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultsOf(parseOptions, input)
const paths = (input: unknown) => faultPathsOf(parseOptions, input)

const tables = {
  domains: { table: 'd', columns: { name: 'n' } },
  accounts: { table: 'a', columns: { address: 'email' } },
}

describe('the options of accounts-existing', () => {
  it('have defaults', () => {
    const { tables: mapping, queries, ...rest } = parseOptions({ preset: 'postfixadmin' })
    expect(rest).toEqual({
      passwords: {
        defaultScheme: undefined,
        plain: false,
        rehash: false,
        writeBack: false,
        scram: false,
        scramIterations: 4096,
        cramMd5: false,
      },
      detailSeparator: '+',
      defaultDomain: undefined,
    })
    expect(queries).toBeUndefined()
    expect(mapping?.accounts).toMatchObject({ table: 'mailbox', address: 'username', active: 'active' })
  })

  it("change a preset's tables, and leave the rest", () => {
    const changed = parseOptions({
      preset: 'postfixadmin',
      tables: {
        aliasDomains: null,
        domains: { table: 'mail.domains', where: { tenant: 7 } },
        accounts: {
          columns: { name: null, quota: 'quota_mb' },
          quotaUnit: '1M',
          attributes: { maildir: null, home: { text: '/home/{domain}/{user}' } },
        },
      },
    }).tables
    expect(changed?.aliasDomains).toBeUndefined()
    expect(changed?.domains).toMatchObject({
      table: 'mail.domains',
      name: 'domain',
      where: { tenant: 7, backupmx: 0 },
    })
    expect(changed?.accounts).toMatchObject({
      name: undefined,
      quota: 'quota_mb',
      quotaUnit: 1_048_576,
      password: 'password',
      attributes: { home: { text: '/home/{domain}/{user}' } },
    })
    expect(changed?.aliases?.targets).toBe('goto')
  })

  it('take an authmysqlrc for the whole table of accounts', () => {
    const options = parseOptions({
      preset: 'postfix-courier',
      authmysqlrc: {
        MYSQL_USER_TABLE: 'people',
        MYSQL_LOGIN_FIELD: 'email',
        MYSQL_CRYPT_PWFIELD: 'password',
        MYSQL_UID_FIELD: 5000,
        MYSQL_GID_FIELD: "'5000'",
        MYSQL_HOME_FIELD: 'homedir',
        MYSQL_MAILDIR_FIELD: '""',
        MYSQL_QUOTA_FIELD: '',
      },
      tables: { domains: { table: 'virtual' } },
    })
    expect(options.tables?.domains).toMatchObject({ table: 'virtual', name: 'domain' })
    expect(options.tables?.accounts).toMatchObject({
      table: 'people',
      address: 'email',
      password: 'password',
      clear: undefined,
      quota: undefined,
      attributes: { uid: { text: '5000' }, gid: { text: '5000' }, home: 'homedir', maildir: { text: '' } },
    })
  })

  it.each([
    [{}, ['']],
    [{ preset: 'postfixadmn' }, ['preset']],
    [{ preset: 'postfixadmin', queries: {} }, ['queries']],
    [{ tables, queries: { domain: 'select 1', account: 'select 1' } }, ['queries']],
    [{ tables: {} }, ['tables.domains', 'tables.accounts']],
    [{ tables: { ...tables, accounts: { table: 'a' } } }, ['tables.accounts.columns']],
    [
      { tables: { ...tables, accounts: { columns: {} } } },
      ['tables.accounts.columns.address', 'tables.accounts.table'],
    ],
    [
      {
        tables: {
          ...tables,
          aliases: { table: 'x; drop table y', columns: { address: 'a`b', targets: 't' } },
        },
      },
      ['tables.aliases.columns.address', 'tables.aliases.table'],
    ],
    [
      { tables: { ...tables, domains: { table: 'd', columns: { name: 'n as x' } } } },
      ['tables.domains.columns.name'],
    ],
    [
      {
        tables: {
          ...tables,
          domains: { ...tables.domains, where: { 'a"b': 1, c: {}, d: [], e: { not: { not: 1 } } } },
        },
      },
      [
        'tables.domains.where.a"b',
        'tables.domains.where.c',
        'tables.domains.where.d',
        'tables.domains.where.e',
      ],
    ],
    [
      { tables: { ...tables, domains: { ...tables.domains, where: 'active = 1' } } },
      ['tables.domains.where'],
    ],
    [
      { tables: { ...tables, accounts: { ...tables.accounts, attributes: { a: 5, b: { text: 1 } } } } },
      ['tables.accounts.attributes.a', 'tables.accounts.attributes.b'],
    ],
    [
      { tables: { ...tables, accounts: { ...tables.accounts, protocols: { imp: 'x' } } } },
      ['tables.accounts.protocols.imp'],
    ],
    [{ queries: { domain: 'select :address', account: 'select 1' } }, ['queries.domain']],
    [{ queries: { domain: 'select 1' } }, ['queries.account']],
    [{ preset: 'dovecot-sql', passwordQuery: "select '%w'" }, ['passwordQuery', 'domainQuery']],
    [
      {
        preset: 'postfix-courier',
        authmysqlrc: { MYSQL_WHERE_CLAUSE: 'a=1', MYSQL_SERVER: 'x', MYSQL_LOGIN_FIELD: 'concat(a)' },
      },
      ['authmysqlrc.MYSQL_SERVER', 'authmysqlrc.MYSQL_WHERE_CLAUSE', 'authmysqlrc.MYSQL_LOGIN_FIELD'],
    ],
    [
      { preset: 'postfix-courier', authmysqlrc: { DEFAULT_DOMAIN: '-', MYSQL_LOGN_FIELD: 'x' } },
      ['authmysqlrc.DEFAULT_DOMAIN', 'authmysqlrc.MYSQL_LOGN_FIELD'],
    ],
    [
      { tables, passwords: { rehash: true, writeBack: true, defaultScheme: 'a b' } },
      ['passwords.defaultScheme', 'passwords.rehash', 'passwords.writeBack'],
    ],
    [
      { queries: { domain: 'select 1', account: 'select 1' }, passwords: { rehash: true } },
      ['passwords.rehash'],
    ],
    [
      { preset: 'postfixadmin', detailSeparator: 'a', defaultDomain: '-' },
      ['detailSeparator', 'defaultDomain'],
    ],
  ])('%j is refused', (input, expected) => {
    expect([...paths(input)].sort()).toEqual([...expected].sort())
  })

  it('say where the settings of an authmysqlrc belong that are none here', () => {
    const authmysqlrc = { MYSQL_PASSWORD: 'x', MYSQL_SELECT_CLAUSE: 'select' }
    expect(faults({ preset: 'postfix-courier', authmysqlrc })).toEqual([
      'authmysqlrc.MYSQL_PASSWORD: is for the database plugin',
      'authmysqlrc.MYSQL_SELECT_CLAUSE: is SQL; use `queries` in place of this preset',
    ])
  })
})
