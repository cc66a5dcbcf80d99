import { randomBytes } from 'node:crypto'
import { type Database, formatAddress } from 'mailwright'
import { hashForScram, hashPassword } from 'mailwright/accounts'
import type { AccountsExistingInput } from 'mailwright/plugins/accounts-existing'
import { type AccountsSeed, accountsContract } from 'mailwright/testing'
import { afterAll } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { createSite, type Site, type SiteSchema } from '../../test/support/existing-site.ts'

// The contract, with rows as the programs of each schema write them.

const hashes = new Map<string, Promise<string>>()

/** Hashed once; hashing is slow on purpose. */
function hashOf(password: string): Promise<string> {
  const known = hashes.get(password) ?? hashPassword(password)
  hashes.set(password, known)
  return known
}

/** As `doveadm pw -s SCRAM-SHA-256` makes them. */
function keysOf(password: string): Promise<string> {
  return hashForScram(password, { salt: randomBytes(16), iterations: 4096 })
}

interface Way {
  readonly schema: SiteSchema
  readonly options: AccountsExistingInput
  seed(site: Site, seed: AccountsSeed): Promise<void>
  /** No row of the site says that an account is disabled, or such rows are not asked for. */
  readonly disabledAccounts?: false
  readonly disable?: (database: Database, address: string, protocols: readonly string[]) => Promise<unknown>
}

/** An address as these programs write it: in lower case, and without quotes. */
function written({ localPart, domain }: { localPart: string; domain: string }): string {
  return `${localPart.toLowerCase()}@${domain}`
}

const postfixadmin: Way = {
  schema: 'postfixadmin',
  options: { preset: 'postfixadmin' },
  async seed(site, { domains, accounts, aliases }) {
    await site.insert('domain', [{ domain: 'ALL' }, ...domains.map((domain) => ({ domain }))])
    for (const { address, password, name = '', quotaBytes = 0, disabled } of accounts) {
      const username = written(address)
      const { domain } = address
      const hash = password === undefined ? '' : await hashOf(password)
      const maildir = `${domain}/${address.localPart}/`
      const active = disabled === true ? 0 : 1
      const row = { username, password: hash, name, maildir, quota: quotaBytes, domain, active }
      await site.insert('mailbox', [row])
      await site.insert('alias', [{ address: username, goto: username, domain }])
    }
    for (const { address, targets } of aliases) {
      const goto = targets.map(written).join(',')
      await site.insert('alias', [{ address: written(address), goto, domain: address.domain }])
    }
  },
}

/** In clear, as these sites had them, where the column has room. */
async function courierPassword(
  password: string,
): Promise<{ readonly clear?: string; readonly crypt?: string }> {
  return password.length <= 128 ? { clear: password } : { crypt: await hashOf(password) }
}

const postfixCourier: Way = {
  schema: 'postfix-courier',
  disabledAccounts: false,
  options: {
    preset: 'postfix-courier',
    tables: { accounts: { columns: { options: 'auxoptions' } } },
  },
  async seed(site, { domains, accounts, aliases }) {
    // How-tos of that time knew no A-labels.
    await site.insert(
      'domains',
      domains.map((domain) => ({ domain: domain === 'xn--mnchen-3ya.example' ? 'münchen.example' : domain })),
    )
    for (const { address, password, name = '', quotaBytes, disabled } of accounts) {
      // There is no column for it.
      if (disabled === true) continue
      const quota = quotaBytes === undefined ? '' : `${quotaBytes}S,1000C`
      const id = formatAddress(address).toLowerCase()
      await site.insert('users', [{ id, ...(await courierPassword(password ?? '')), name, quota }])
    }
    for (const { address, targets } of aliases) {
      const destination = targets.map(written).join(', ')
      await site.insert('forwardings', [{ source: written(address), destination }])
    }
  },
  disable: (database, address, protocols) =>
    database.query((knex) =>
      knex('users')
        .where({ id: address })
        .update({ auxoptions: protocols.map((protocol) => `disable${protocol}=1`).join(',') }),
    ),
}

const dovecotSql: Way = {
  schema: 'dovecot-sql',
  disabledAccounts: false,
  options: {
    preset: 'dovecot-sql',
    domainQuery: "SELECT name FROM virtual_domains WHERE name = '%d'",
    passwordQuery:
      "SELECT userid AS username, domain, password FROM users WHERE userid = '%n' AND domain = '%d' AND enabled = 'Y'",
    userQuery: `SELECT userid AS username, domain, full_name AS name, home, uid, gid, quota_rule
      FROM users WHERE userid = '%n' AND domain = '%d' AND enabled = 'Y'`,
    aliasQuery: "SELECT source AS address, destination AS target FROM virtual_aliases WHERE source = '%n@%d'",
    passwords: { scram: true },
  },
  async seed(site, { domains, accounts, aliases }) {
    await site.insert(
      'virtual_domains',
      domains.map((name, index) => ({ id: index + 1, name })),
    )
    for (const { address, password, name, quotaBytes, disabled } of accounts) {
      const hash = password === undefined ? null : await keysOf(password)
      const quotaRule = quotaBytes === undefined ? null : `*:bytes=${quotaBytes}`
      await site.insert('users', [
        {
          userid: address.localPart.toLowerCase(),
          domain: address.domain,
          password: hash,
          full_name: name ?? null,
          quota_rule: quotaRule,
          enabled: disabled === true ? 'N' : 'Y',
        },
      ])
    }
    let id = 0
    for (const { address, targets } of aliases) {
      for (const target of targets)
        await site.insert('virtual_aliases', [
          { id: ++id, source: written(address), destination: written(target) },
        ])
    }
  },
}

const mapped: Way = {
  schema: dovecotSql.schema,
  seed: dovecotSql.seed,
  options: {
    tables: {
      domains: { table: 'virtual_domains', columns: { name: 'name' } },
      accounts: {
        table: 'users',
        columns: {
          address: { localPart: 'userid', domain: 'domain' },
          password: 'password',
          name: 'full_name',
          quota: 'quota_rule',
          active: 'enabled',
        },
      },
      aliases: { table: 'virtual_aliases', columns: { address: 'source', targets: 'destination' } },
    },
  },
}

const queried: Way = {
  ...postfixadmin,
  options: {
    queries: {
      domain: 'select domain as name from domain where domain = :domain and active = 1',
      account: `select username as id, username as address, password, name, quota, active
        from mailbox where username = :address`,
      accountById:
        'select username as id, username as address, name, quota, active from mailbox where username = :id',
      alias: `select address, goto as target from alias where address = :address and active = 1`,
    },
  },
}

const ways: Readonly<Record<string, Way>> = {
  postfixadmin,
  'postfix-courier': postfixCourier,
  'dovecot-sql and SCRAM': dovecotSql,
  'tables of its own': mapped,
  'queries of its own': queried,
}

/** One site for all cases of a way: nothing here is changed but what a case puts back. */
interface SharedSite extends AsyncDisposable {
  readonly underTest: DatabaseUnderTest
  readonly site: Site
}

const shared = new Map<Way, Promise<SharedSite>>()

function siteOf(way: Way, seed: AccountsSeed): Promise<SharedSite> {
  const known = shared.get(way) ?? makeSite(way, seed)
  shared.set(way, known)
  return known
}

async function makeSite(way: Way, seed: AccountsSeed): Promise<SharedSite> {
  const underTest = await databaseUnderTest()
  const site = await createSite(underTest.options, way.schema)
  await way.seed(site, seed)
  return {
    underTest,
    site,
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]()
      await underTest[Symbol.asyncDispose]()
    },
  }
}

afterAll(async () => {
  for (const site of shared.values()) await (await site)[Symbol.asyncDispose]()
})

for (const [name, way] of Object.entries(ways)) {
  const { options, disable, disabledAccounts } = way
  accountsContract({
    name: `accounts-existing with ${name}`,
    async create(seed) {
      const { site, underTest } = await siteOf(way, seed)
      const { accounts } = await site.read(options)
      const disabled = new Set<string>()
      return {
        accounts,
        ...(disabledAccounts === undefined ? {} : { disabledAccounts }),
        reopen: async () => (await site.read(options)).accounts,
        injectOutage: () => underTest.takeAway(),
        ...(disable === undefined
          ? {}
          : {
              disableProtocols: async (address, protocols) => {
                disabled.add(formatAddress(address))
                await disable(site.database, formatAddress(address), protocols)
              },
            }),
        async cleanup() {
          for (const address of disabled) await disable?.(site.database, address, [])
        },
      }
    },
  })
}
