import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Account, type Address, addressKey, formatAddress } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSite, type Site, type SiteReader, type SiteSchema } from '../support/existing-site.ts'
import { type DovecotAuth, startDovecotAuth } from '../support/peers/dovecot-auth.ts'
import { type Mariadb, startMariadb } from '../support/peers/mariadb.ts'
import { administer } from '../support/peers/mariadb-admin.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import {
  type MapQueries,
  type MapServer,
  type PostfixMaps,
  postfixMaps,
} from '../support/peers/postfix-maps.ts'
import { runProcess } from '../support/run-process.ts'

// The same tables, read by the programs that sites have on them and by us. Of Postfix only the look-ups run.

// Debian has these where only root looks.
process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin`
const mariadb = requirePeer('mariadbd')
const postfix = requirePeerModule('postmap', 'postfix-mysql')
const dovecot = requirePeerModule('doveadm', 'dovecot-mysql')
const hasPostfix = mariadb.available && postfix.available
const hasDovecot = mariadb.available && dovecot.available

const password = 'peer-secret'
const dovecotQueries = {
  passwordQuery: "SELECT username AS user, password FROM mailbox WHERE username = '%u' AND active = 1",
  userQuery: `SELECT username AS user, CONCAT('/var/vmail/', maildir) AS home, 5000 AS uid, 5000 AS gid, \
CONCAT('*:bytes=', quota) AS quota_rule FROM mailbox WHERE username = '%u' AND active = 1`,
}

interface Peers {
  readonly folder: string
  readonly server: Mariadb
  readonly sites: Site[]
}
let peers: Peers

beforeAll(async () => {
  if (!hasPostfix && !hasDovecot) return
  const folder = await mkdtemp(join(tmpdir(), 'mw-existing-'))
  const server = await startMariadb()
  await administer(server.socketPath, `create user 'peer'@'%' identified by '${password}'`)
  peers = { folder, server, sites: [] }
})

afterAll(async () => {
  if (peers === undefined) return
  for (const site of peers.sites) await site[Symbol.asyncDispose]()
  await peers.server[Symbol.asyncDispose]()
  await rm(peers.folder, { recursive: true, force: true })
})

async function newSite(schema: SiteSchema): Promise<{ site: Site; access: MapServer }> {
  const { socketPath } = peers.server
  const access = { socketPath, user: 'peer', password, database: `site${peers.sites.length}` }
  await administer(socketPath, `create database ${access.database}`)
  await administer(socketPath, `grant all on ${access.database}.* to 'peer'@'%'`)
  const site = await createSite(
    { client: 'mysql', hosts: [{ socketPath }], user: 'peer', password, database: access.database },
    schema,
  )
  peers.sites.push(site)
  return { site, access }
}

/** Everything that mail for an address leads to, as one text an end: `local maildir`, `remote address`, `unknown`. */
type Ends = readonly string[]

/** The tables of a site's main.cf, in the order in which they stand there. */
interface VirtualMaps {
  readonly maps: PostfixMaps
  readonly domains: readonly string[]
  readonly aliases: readonly string[]
  readonly mailboxes: readonly string[]
}

/** What Postfix makes of an address by virtual(5) with `recipient_delimiter = +`: it asks every table for each key. */
async function endsOfPostfix(text: string, virtual: VirtualMaps): Promise<Ends> {
  const ends = new Set<string>()
  const seen = new Set<string>()
  const first = async (names: readonly string[], keys: readonly string[]): Promise<string | undefined> => {
    for (const key of keys) {
      for (const name of names) {
        const found = await virtual.maps.lookUp(name, key)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
  const follow = async (address: string): Promise<void> => {
    const key = address.toLowerCase()
    if (seen.has(key)) return
    seen.add(key)
    const [localPart = '', domain = ''] = key.split('@')
    const keys = [key, ...(localPart.includes('+') ? [`${localPart.split('+')[0]}@${domain}`] : [])]
    const isOurs = (await first(virtual.domains, [domain])) !== undefined
    const targets = isOurs ? await first(virtual.aliases, [...keys, `@${domain}`]) : undefined
    const others = (targets ?? '')
      .split(',')
      .flatMap((target) => (target.trim() === '' ? [] : [target.trim()]))
    for (const other of others)
      if (!keys.includes(other)) await follow(other.startsWith('@') ? localPart + other : other)
    if (targets !== undefined && !others.some((other) => keys.includes(other))) return
    if (!isOurs) ends.add(`remote ${key}`)
    else {
      const mailbox = await first(virtual.mailboxes, keys)
      ends.add(mailbox === undefined ? 'unknown' : `local ${mailbox}`)
    }
  }
  const domain = text.toLowerCase().split('@')[1] ?? ''
  if ((await first(virtual.domains, [domain])) === undefined) return ['foreign']
  await follow(text)
  return [...ends].sort()
}

/** The same by the service, and by what its tap of `sort` adds. */
async function endsOfOurs(text: string, { accounts, sort }: SiteReader): Promise<Ends> {
  const ends = new Set<string>()
  const seen = new Set<string>()
  const deliver = async (account: Account, address: Address): Promise<void> => {
    ends.add(account.disabled ? 'unknown' : `local ${account.attributes?.maildir}`)
    const sorted = await sort({
      route: { kind: 'account', account, address },
      reversePath: null,
      message: undefined as never,
      actions: [{ kind: 'file', mailbox: 'INBOX' }],
    })
    for (const action of sorted?.actions ?? []) if (action.kind === 'forward') await follow(action.address)
  }
  const follow = async (address: Address): Promise<void> => {
    if (seen.has(addressKey(address))) return
    seen.add(addressKey(address))
    const found = await accounts.resolve(address)
    if (found.kind === 'account') await deliver(found.account, address)
    else if (found.kind === 'alias') for (const target of found.addresses) await follow(target)
    else ends.add(found.kind === 'foreign' ? `remote ${formatAddress(address).toLowerCase()}` : 'unknown')
  }
  if ((await accounts.domain(addressOf(text).domain)) === undefined) return ['foreign']
  await follow(addressOf(text))
  return [...ends].sort()
}

/** Hashes as Dovecot makes them. */
async function dovecotHash(scheme: string, secret: string): Promise<string> {
  const { code, stdout, stderr } = await runProcess('doveadm', ['pw', '-s', scheme, '-p', secret], {
    folder: peers.folder,
  })
  if (code !== 0) throw new Error(stderr)
  return stdout.trim()
}

async function fillPostfixadmin(site: Site): Promise<void> {
  await site.insert('domain', [
    { domain: 'ALL' },
    { domain: 'example.org' },
    { domain: 'catch.example' },
    { domain: 'alias.example' },
    { domain: 'backup.example', backupmx: 1 },
    { domain: 'off.example', active: 0 },
  ])
  await site.insert('alias_domain', [{ alias_domain: 'alias.example', target_domain: 'example.org' }])
  const mailboxes = ['jo@example.org', 'anna@example.org', 'off@example.org', 'box@catch.example']
  for (const username of mailboxes) {
    const [local_part = '', domain = ''] = username.split('@')
    const maildir = `${domain}/${local_part}/`
    const active = local_part === 'off' ? 0 : 1
    await site.insert('mailbox', [{ username, maildir, local_part, domain, quota: 51_200_000, active }])
    const goto = local_part === 'anna' ? `${username},anna@elsewhere.example,jo@example.org` : username
    await site.insert('alias', [{ address: username, goto, domain, active }])
  }
  const aliases: readonly (readonly [string, string, number?])[] = [
    ['info@example.org', 'jo@example.org,x@elsewhere.example'],
    ['team@example.org', 'info@example.org,anna@example.org'],
    ['closed@example.org', 'jo@example.org', 0],
    ['dead@example.org', 'nobody@example.org'],
    ['special@alias.example', 'y@elsewhere.example'],
    ['@catch.example', 'jo@example.org'],
  ]
  for (const [address, goto, active = 1] of aliases) {
    await site.insert('alias', [{ address, goto, domain: address.split('@')[1], active }])
  }
}

const ofAliasDomain = "alias_domain.alias_domain = '%d' AND alias_domain.active = 1"
const postfixadminMaps: MapQueries = {
  domains: "SELECT domain FROM domain WHERE domain = '%s' AND backupmx = 0 AND active = 1",
  aliases: "SELECT goto FROM alias WHERE address = '%s' AND active = 1",
  'alias-domains': `SELECT goto FROM alias, alias_domain WHERE ${ofAliasDomain} AND alias.active = 1 \
AND alias.address = CONCAT('%u', '@', alias_domain.target_domain)`,
  mailboxes: "SELECT maildir FROM mailbox WHERE username = '%s' AND active = 1",
  'alias-mailboxes': `SELECT maildir FROM mailbox, alias_domain WHERE ${ofAliasDomain} AND mailbox.active = 1 \
AND mailbox.username = CONCAT('%u', '@', alias_domain.target_domain)`,
}

describe.runIf(hasPostfix)(`${postfix.title}, with the tables of PostfixAdmin`, () => {
  let reader: SiteReader
  let virtual: VirtualMaps

  beforeAll(async () => {
    const { site, access } = await newSite('postfixadmin')
    await fillPostfixadmin(site)
    reader = await site.read({ preset: 'postfixadmin' })
    virtual = {
      maps: await postfixMaps(peers.folder, access, postfixadminMaps),
      domains: ['domains'],
      aliases: ['aliases', 'alias-domains'],
      mailboxes: ['mailboxes', 'alias-mailboxes'],
    }
  })

  it.each([
    ['jo@example.org', ['local example.org/jo/']],
    ['JO@Example.ORG', ['local example.org/jo/']],
    ['jo+lists@example.org', ['local example.org/jo/']],
    [
      'anna@example.org',
      ['local example.org/anna/', 'local example.org/jo/', 'remote anna@elsewhere.example'],
    ],
    ['info@example.org', ['local example.org/jo/', 'remote x@elsewhere.example']],
    ['info+2026@example.org', ['local example.org/jo/', 'remote x@elsewhere.example']],
    [
      'team@example.org',
      [
        'local example.org/anna/',
        'local example.org/jo/',
        'remote anna@elsewhere.example',
        'remote x@elsewhere.example',
      ],
    ],
    ['closed@example.org', ['unknown']],
    ['dead@example.org', ['unknown']],
    ['off@example.org', ['unknown']],
    ['nobody@example.org', ['unknown']],
    ["o'neil@example.org", ['unknown']],
    ['%@example.org', ['unknown']],
    ['jo@alias.example', ['local example.org/jo/']],
    ['jo+x@alias.example', ['local example.org/jo/']],
    ['info@alias.example', ['local example.org/jo/', 'remote x@elsewhere.example']],
    ['special@alias.example', ['remote y@elsewhere.example']],
    ['nobody@alias.example', ['unknown']],
    ['box@catch.example', ['local catch.example/box/']],
    ['anyone@catch.example', ['local example.org/jo/']],
    ['jo@backup.example', ['foreign']],
    ['jo@off.example', ['foreign']],
    ['jo@elsewhere.example', ['foreign']],
  ])('takes %s to where we take it', async (text, ends) => {
    expect(await endsOfPostfix(text, virtual)).toEqual(ends)
    expect(await endsOfOurs(text, reader)).toEqual(ends)
  })
})

const courierMaps: MapQueries = {
  domains: "SELECT domain FROM domains WHERE domain = '%s'",
  aliases: "SELECT destination FROM forwardings WHERE source = '%s'",
  itself: "SELECT id FROM users WHERE id = '%s'",
  mailboxes: "SELECT maildir FROM users WHERE id = '%s'",
}

describe.runIf(hasPostfix)(`${postfix.title}, with the tables of the classic how-tos`, () => {
  let reader: SiteReader
  let virtual: VirtualMaps

  beforeAll(async () => {
    const { site, access } = await newSite('postfix-courier')
    await site.insert('domains', [{ domain: 'example.org' }, { domain: 'catch.example' }])
    await site.insert('transport', [{ domain: 'example.org', transport: 'virtual:' }])
    for (const id of ['jo@example.org', 'anna@example.org', 'box@catch.example'])
      await site.insert('users', [{ id, maildir: `${id.split('@').toReversed().join('/')}/` }])
    await site.insert('forwardings', [
      { source: 'info@example.org', destination: 'jo@example.org, x@elsewhere.example' },
      { source: 'anna@example.org', destination: 'anna@example.org,jo@example.org' },
      { source: '@catch.example', destination: '@example.org' },
    ])
    reader = await site.read({ preset: 'postfix-courier' })
    virtual = {
      maps: await postfixMaps(join(peers.folder, 'courier'), access, courierMaps),
      domains: ['domains'],
      aliases: ['aliases', 'itself'],
      mailboxes: ['mailboxes'],
    }
  })

  it.each([
    ['jo@example.org', ['local example.org/jo/']],
    ['jo+lists@example.org', ['local example.org/jo/']],
    ['info@example.org', ['local example.org/jo/', 'remote x@elsewhere.example']],
    ['anna@example.org', ['local example.org/anna/', 'local example.org/jo/']],
    ['box@catch.example', ['local catch.example/box/']],
    ['jo@catch.example', ['local example.org/jo/']],
    ['nobody@catch.example', ['unknown']],
    ['nobody@example.org', ['unknown']],
    ['jo@elsewhere.example', ['foreign']],
  ])('takes %s to where we take it', async (text, ends) => {
    expect(await endsOfPostfix(text, virtual)).toEqual(ends)
    expect(await endsOfOurs(text, reader)).toEqual(ends)
  })
})

const schemes = [
  ...['PLAIN', 'PLAIN-MD5', 'LDAP-MD5', 'SMD5', 'SHA', 'SSHA', 'SHA256', 'SSHA256', 'SHA512', 'SSHA512'],
  ...['MD5-CRYPT', 'SHA256-CRYPT', 'SHA512-CRYPT', 'BLF-CRYPT', 'PBKDF2', 'SCRAM-SHA-1', 'SCRAM-SHA-256'],
  ...['ARGON2I', 'ARGON2ID'],
]
const secret = 'pass wörd "x"'

describe.runIf(hasDovecot)(`${dovecot.title}, with the tables of PostfixAdmin`, () => {
  let auth: DovecotAuth
  let readers: Readonly<Record<string, SiteReader>>

  beforeAll(async () => {
    const { site, access } = await newSite('postfixadmin')
    await fillPostfixadmin(site)
    for (const scheme of schemes) {
      const name = scheme.toLowerCase()
      await site.insert('mailbox', [
        {
          username: `${name}@example.org`,
          password: await dovecotHash(scheme, secret),
          maildir: `example.org/${name}/`,
          domain: 'example.org',
          quota: 1_000_000,
        },
      ])
    }
    const hash = await dovecotHash('SHA512-CRYPT', secret)
    await site.database.query(async (knex) => {
      await knex('mailbox')
        .whereIn('username', ['off@example.org', 'box@catch.example'])
        .update({ password: hash })
      // As PostfixAdmin keeps it with `encrypt = md5crypt`: without a scheme.
      await knex('mailbox')
        .where({ username: 'jo@example.org' })
        .update({ password: (await dovecotHash('MD5-CRYPT', secret)).replace('{MD5-CRYPT}', '') })
    })
    readers = {
      postfixadmin: await site.read({ preset: 'postfixadmin' }),
      'dovecot-sql': await site.read({
        preset: 'dovecot-sql',
        ...dovecotQueries,
        domainQuery: "SELECT domain FROM domain WHERE domain = '%d' AND active = 1",
      }),
    }
    auth = await startDovecotAuth(peers.folder, access, dovecotQueries)
  })

  afterAll(() => auth?.[Symbol.asyncDispose]())

  const ours = (login: string, given: string) =>
    Promise.all(
      Object.values(readers).map(async ({ accounts }) => (await accounts.verify(login, given, 'imap')).ok),
    )

  it.each(schemes.map((scheme) => `${scheme.toLowerCase()}@example.org`))(
    'lets %s in as we do',
    async (login) => {
      expect(await auth.logIn(login, secret)).toBe(true)
      expect(await ours(login, secret)).toEqual([true, true])
      expect(await auth.logIn(login, 'wrong')).toBe(false)
      expect(await ours(login, 'wrong')).toEqual([false, false])
    },
  )

  it.each([
    ['jo@example.org', true],
    ['JO@Example.org', true],
    ['box@catch.example', true],
    ['off@example.org', false],
    ['anna@example.org', false],
    ['info@example.org', false],
    ['jo@alias.example', false],
    ['jo', false],
    ["x' OR '1'='1", false],
    ["jo@example.org' -- ", false],
    ['%u', false],
  ])('answers a login of %j as we do', async (login, isIn) => {
    expect(await auth.logIn(login, secret)).toBe(isIn)
    expect(await ours(login, secret)).toEqual([isIn, isIn])
  })

  it.each(['jo@example.org', 'BOX@catch.example', 'off@example.org', 'nobody@example.org'])(
    'knows of %s what we know',
    async (text) => {
      const theirs = await auth.user(text)
      for (const { accounts } of Object.values(readers)) {
        const found = await accounts.resolve(addressOf(text))
        const account = found.kind === 'account' && !found.account.disabled ? found.account : undefined
        expect(account === undefined).toBe(theirs === undefined)
        if (account === undefined) continue
        expect(`*:bytes=${account.quotaBytes}`).toBe(theirs?.quota_rule)
        expect(formatAddress(account.address)).toBe(text.toLowerCase())
        const home = account.attributes?.home ?? `/var/vmail/${account.attributes?.maildir}`
        expect(home).toBe(theirs?.home)
      }
    },
  )
})
