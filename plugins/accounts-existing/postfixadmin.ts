import type { TableMapping } from './table-mapping.ts'

/** The tables that PostfixAdmin makes, from version 2.3 on. */
export const postfixadminTables: TableMapping = {
  domains: {
    table: 'domain',
    // `ALL` is PostfixAdmin's own row for its super administrators; what we are a backup for is another host's.
    where: { domain: { not: 'ALL' }, backupmx: 0 },
    name: 'domain',
    active: 'active',
  },
  aliasDomains: {
    table: 'alias_domain',
    where: {},
    name: 'alias_domain',
    target: 'target_domain',
    active: 'active',
  },
  transports: undefined,
  accounts: {
    table: 'mailbox',
    where: {},
    address: 'username',
    id: undefined,
    login: undefined,
    password: 'password',
    clear: undefined,
    name: 'name',
    quota: 'quota',
    quotaUnit: 1,
    options: undefined,
    active: 'active',
    protocols: {},
    attributes: { maildir: 'maildir' },
  },
  aliases: { table: 'alias', where: {}, address: 'address', targets: 'goto', active: 'active' },
}
