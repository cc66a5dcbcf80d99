import { type Address, createLog, errorCode, formatAddress } from 'mailwright'
import type { AccountsExistingInput } from 'mailwright/plugins/accounts-existing'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { copiesOf, createSite, kindOf, type Site, type SiteReader } from '../../test/support/existing-site.ts'

let underTest: DatabaseUnderTest
let site: Site

beforeEach(async () => {
  underTest = await databaseUnderTest()
  site = await createSite(underTest.options, 'postfixadmin')
})

afterEach(async () => {
  await site[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

let events: Record<string, unknown>[]
const log = createLog('info', { write: (line) => void events.push(JSON.parse(line)) })
const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorCode)

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) => error.message,
  )

/** Valid addresses that attackers, or odd customers, have. */
const hostileAddresses: readonly Address[] = [
  "o'neil@example.org",
  '"x; DROP TABLE mailbox;--"@example.org',
  '%@example.org',
  '_o@example.org',
  '*@example.org',
  '"jo\\\\"@example.org',
  '__proto__@example.org',
  '"a@b"@example.org',
  '"$(id)"@example.org',
  '用户@example.org',
  '😀@example.org',
].map(addressOf)

describe(`PostfixAdmin's tables on ${databaseKind}`, () => {
  const options: AccountsExistingInput = { preset: 'postfixadmin' }

  beforeEach(async () => {
    events = []
    await site.insert('domain', [{ domain: 'ALL' }, { domain: 'example.org' }, { domain: 'other.example' }])
  })

  const mailbox = (username: string, more: object = {}): Promise<void> =>
    site.insert('mailbox', [{ username, domain: username.split('@')[1], maildir: `${username}/`, ...more }])
  const alias = (address: string, goto: string, more: object = {}): Promise<void> =>
    site.insert('alias', [{ address, goto, domain: address.split('@')[1], ...more }])

  it('has the columns of a mailbox', async () => {
    await mailbox('jo@example.org', { name: 'Jo Döe', quota: 51_200_000, maildir: 'example.org/jo/' })
    const { accounts } = await site.read(options)
    const account = {
      id: 'jo@example.org',
      address: addressOf('jo@example.org'),
      name: 'Jo Döe',
      quotaBytes: 51_200_000,
      attributes: { maildir: 'example.org/jo/' },
    }
    expect(await accounts.resolve(addressOf('JO@Example.ORG'))).toEqual({ kind: 'account', account })
    expect(await accounts.byId('jo@example.org')).toEqual(account)
    expect(await accounts.byId('JO@example.org')).toBeUndefined()
  })

  it('knows no limit where the quota is 0 or less', async () => {
    await mailbox('none@example.org', { quota: 0 })
    await mailbox('off@example.org', { quota: -1 })
    const { accounts } = await site.read(options)
    for (const id of ['none@example.org', 'off@example.org'])
      expect(await accounts.byId(id)).not.toHaveProperty('quotaBytes')
  })

  it('takes only active domains of which it is no backup, and never the row ALL', async () => {
    await site.insert('domain', [
      { domain: 'off.example', active: 0 },
      { domain: 'backup.example', backupmx: 1 },
    ])
    await mailbox('jo@off.example')
    const reader = await site.read(options)
    for (const name of ['off.example', 'backup.example', 'all', 'ALL'])
      expect(await reader.accounts.domain(name), name).toBeUndefined()
    expect(await kindOf(reader, 'jo@off.example')).toBe('foreign')
  })

  it('follows alias domains, and what is only theirs comes first', async () => {
    await site.insert('domain', [{ domain: 'alias.example' }, { domain: 'asleep.example' }])
    await site.insert('alias_domain', [
      { alias_domain: 'alias.example', target_domain: 'example.org' },
      { alias_domain: 'asleep.example', target_domain: 'example.org', active: 0 },
    ])
    await mailbox('jo@example.org')
    await alias('info@example.org', 'jo@example.org')
    await alias('info@alias.example', 'x@elsewhere.example')
    await alias('@example.org', 'jo@example.org')
    const reader = await site.read(options)
    expect(await reader.accounts.domain('ALIAS.example')).toEqual({
      name: 'alias.example',
      aliasOf: 'example.org',
    })
    expect(await kindOf(reader, 'jo@alias.example')).toBe('jo@example.org')
    expect(await kindOf(reader, 'jo+x@alias.example')).toBe('jo@example.org')
    expect(await kindOf(reader, 'info@alias.example')).toBe('→ x@elsewhere.example')
    expect(await kindOf(reader, 'anyone@alias.example')).toBe('→ jo@example.org')
    expect(await kindOf(reader, 'jo@asleep.example')).toBe('unknown')
  })

  it('leaves out an alias domain whose target is not ours', async () => {
    await site.insert('domain', [{ domain: 'alias.example' }, { domain: 'off.example', active: 0 }])
    await site.insert('alias_domain', [{ alias_domain: 'alias.example', target_domain: 'off.example' }])
    const { accounts } = await site.read(options)
    expect(await accounts.domain('alias.example')).toBeUndefined()
  })

  it('takes an alias of a mailbox to itself for the mailbox, and sends copies where it names others', async () => {
    for (const name of ['jo', 'anna', 'eve']) await mailbox(`${name}@example.org`)
    await alias('jo@example.org', 'jo@example.org')
    await alias('anna@example.org', 'Anna@Example.org, x@elsewhere.example,team@example.org')
    await alias('eve@example.org', 'anna@example.org,eve@example.org,nobody@example.org')
    await alias('team@example.org', 'jo@example.org,eve@example.org,y@elsewhere.example')
    const reader = await site.read(options, log)
    expect(await kindOf(reader, 'jo@example.org')).toBe('jo@example.org')
    expect(await copiesOf(reader, 'jo@example.org')).toEqual([])
    expect(await kindOf(reader, 'anna@example.org')).toBe('anna@example.org')
    const all = ['eve@example.org', 'jo@example.org', 'x@elsewhere.example', 'y@elsewhere.example']
    expect([...(await copiesOf(reader, 'anna@example.org'))].sort()).toEqual(all)
    expect(events).toMatchObject([{ address: 'nobody@example.org', account: 'anna@example.org' }])
    const others = all.map((one) => one.replace('eve', 'anna')).sort()
    expect([...(await copiesOf(reader, 'eve@example.org'))].sort()).toEqual(others)
  })

  it('forwards without keeping a copy where the alias of a mailbox does not name it', async () => {
    await mailbox('jo@example.org', { password: '{PLAIN}secret' })
    await alias('jo@example.org', 'jo@elsewhere.example')
    const reader = await site.read(options)
    expect(await kindOf(reader, 'jo@example.org')).toBe('→ jo@elsewhere.example')
    expect(await reader.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  })

  it('says which mailboxes are switched off, and does not count aliases that are', async () => {
    await mailbox('off@example.org', { active: 0, password: '{PLAIN}secret' })
    await alias('off@example.org', 'off@example.org', { active: 0 })
    await alias('info@example.org', 'x@elsewhere.example', { active: 0 })
    await alias('@example.org', 'y@elsewhere.example', { active: 0 })
    const reader = await site.read(options)
    expect(await kindOf(reader, 'off@example.org')).toBe('off@example.org disabled')
    for (const [secret, reason] of [
      ['secret', 'disabled'],
      ['wrong', 'wrong-secret'],
    ] as const)
      expect(await reader.accounts.verify('off@example.org', secret, 'imap')).toEqual({ ok: false, reason })
    for (const text of ['info@example.org', 'anyone@example.org'])
      expect(await kindOf(reader, text)).toBe('unknown')
  })

  it("leaves out PostfixAdmin's automatic replies, whatever became of them", async () => {
    await mailbox('jo@example.org')
    const reply = 'jo#example.org@autoreply.example.org'
    await alias('jo@example.org', `jo@example.org,${reply}`)
    await mailbox('eve@example.org')
    await alias('eve@example.org', reply.replace('jo', 'eve'))
    await site.insert('vacation', [
      { email: 'jo@example.org', body: '', domain: 'example.org', activeuntil: '2001-01-01 00:00:00' },
    ])
    const reader = await site.read(options)
    expect(await kindOf(reader, 'jo@example.org')).toBe('jo@example.org')
    expect(await copiesOf(reader, 'jo@example.org')).toEqual([])
    expect(await kindOf(reader, 'eve@example.org')).toBe('eve@example.org')
  })

  it('takes a target without a local part for the same local part there', async () => {
    await mailbox('jo@other.example')
    await alias('@example.org', '@other.example')
    const reader = await site.read(options)
    expect(await kindOf(reader, 'jo@example.org')).toBe('→ jo@other.example')
    expect(await kindOf(reader, 'No.Body+x@example.org')).toBe('→ No.Body+x@other.example')
  })

  it('reports targets that are no addresses, and answers the others', async () => {
    await alias('some@example.org', 'jo@example.org,|/bin/program,/dev/null')
    await alias('none@example.org', '|/bin/program')
    const reader = await site.read(options, log)
    for (let round = 0; round < 3; round++)
      expect(await kindOf(reader, 'some@example.org')).toBe('→ jo@example.org')
    expect(events).toMatchObject([{ address: 'some@example.org', targets: ['|/bin/program', '/dev/null'] }])
    expect(await kindOf(reader, 'none@example.org')).toBe('→ ')
  })

  it('takes nothing for the same that only a collation takes for the same', async () => {
    await mailbox('jo@example.org', { password: '{PLAIN}secret' })
    await alias('straße@example.org', 'jo@example.org')
    const reader = await site.read(options)
    for (const text of [
      'jó@example.org',
      '"jo "@example.org',
      '" jo"@example.org',
      'strase@example.org',
      'ｊｏ@example.org',
    ])
      expect(await kindOf(reader, text), text).toBe('unknown')
    for (const login of ['jó@example.org', '"jo "@example.org'])
      expect(await reader.accounts.verify(login, 'secret', 'imap'), login).toMatchObject({ ok: false })
    expect(await kindOf(reader, 'straße@example.org')).toBe('→ jo@example.org')
  })

  it('answers what is beyond the characters of its columns, or made to break its queries', async () => {
    await mailbox('jo@example.org')
    const reader = await site.read(options)
    for (const address of hostileAddresses)
      expect(await kindOf(reader, address), formatAddress(address)).toBe('unknown')
    expect(await reader.accounts.domain('例え.example')).toBeUndefined()
    expect(await reader.accounts.byId('用户@example.org')).toBeUndefined()
    expect(await kindOf(reader, 'jo@example.org')).toBe('jo@example.org')
  })

  it('finds mailboxes and aliases with characters beyond ASCII, with quotes and without', async () => {
    await mailbox('jörg@example.org')
    await mailbox('two words@example.org')
    await mailbox('"a,b"@example.org')
    await alias('list@example.org', 'jörg@example.org,"a,b"@example.org')
    const reader = await site.read(options)
    expect(await kindOf(reader, 'JÖRG@example.org')).toBe('jörg@example.org')
    expect(await kindOf(reader, '"two words"@example.org')).toBe('two words@example.org')
    expect(await kindOf(reader, '"A,b"@example.org')).toBe('"a,b"@example.org')
    expect(await kindOf(reader, 'list@example.org')).toBe('→ jörg@example.org "a,b"@example.org')
  })

  it('verifies hashes as their program wrote them', async () => {
    await mailbox('md5@example.org', { password: '5ebe2294ecd0e0f08eab7690d2a6ee69' })
    await mailbox('ssha@example.org', { password: '{SSHA}kRnWqCDFvZFoV7A6cTGBdq1Xv7cxMjM0' })
    await mailbox('crypt@example.org', {
      password:
        '$6$lq0zlYTSvoyRtN2n$Xbvz.Qd8ye/RR9myv3sW26N55RYqyEFrR9iBC59g3.ZuVn.rAwZYS6063xh1jpuKNx5PpoB9ObMZ/yvLL.LZN.',
    })
    await mailbox('clear@example.org', { password: 'secret' })
    const verdicts = async (passwords: object): Promise<readonly boolean[]> => {
      const { accounts } = await site.read({ ...options, passwords })
      return Promise.all(
        ['ssha', 'crypt', 'md5', 'clear'].map(
          async (name) => (await accounts.verify(`${name}@example.org`, 'secret', 'imap')).ok,
        ),
      )
    }
    expect(await verdicts({})).toEqual([true, true, false, false])
    expect(await verdicts({ defaultScheme: 'PLAIN-MD5' })).toEqual([true, true, true, false])
    expect(await verdicts({ plain: true })).toEqual([true, true, false, true])
  })

  it('says once of an account that nobody can read its hash, and not which', async () => {
    const { accounts } = await site.read(options, log)
    const hashes = ['{FOO}x', '$2y$10$short', '$6$', '!', '*', '']
    for (const [at, password] of hashes.entries()) await mailbox(`h${at}@example.org`, { password })
    for (const at of [...hashes.keys(), ...hashes.keys()])
      expect(await accounts.verify(`h${at}@example.org`, 'x', 'imap')).toEqual({
        ok: false,
        reason: 'wrong-secret',
      })
    expect(events.map(({ address, reason }) => [address, reason])).toEqual(
      [0, 1, 2].map((at) => [`h${at}@example.org`, 'a hash that cannot be read']),
    )
  })

  it('keeps argon2id in the place of another hash where that is wanted, and only there', async () => {
    await mailbox('jo@example.org', { password: '{PLAIN}secret' })
    await mailbox('eve@example.org', { password: '{PLAIN}secret' })
    const stored = async (username: string): Promise<string> =>
      (await site.database.query((knex) => knex('mailbox').where({ username }).first('password'))).password
    const reading = await site.read(options)
    expect(await reading.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await stored('jo@example.org')).toBe('{PLAIN}secret')
    const { accounts } = await site.read({ ...options, passwords: { rehash: true } })
    expect(await accounts.verify('jo@example.org', 'wrong', 'imap')).toMatchObject({ ok: false })
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    const renewed = await stored('jo@example.org')
    expect(renewed).toMatch(/^\{ARGON2ID\}\$argon2id\$/)
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await stored('jo@example.org')).toBe(renewed)
    expect(await stored('eve@example.org')).toBe('{PLAIN}secret')
  })

  it('lets people in also where nothing may be written', async () => {
    await mailbox('jo@example.org', { password: '{PLAIN}secret' })
    const { accounts } = await site.read({ ...options, passwords: { rehash: true } }, log)
    await underTest.refuseChanges(site.database)
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(events).toMatchObject([{ event: 'unavailable', account: 'jo@example.org' }])
  })

  it('names everything that is missing, each with its path', async () => {
    const problem = await messageOf(
      site.read({
        ...options,
        passwords: { defaultScheme: 'ROT-13' },
        tables: {
          domains: { columns: { active: 'enabled' } },
          accounts: {
            where: { tenant: 7 },
            columns: { password: 'pw', quota: 'bytes' },
            attributes: { home: 'homedir' },
            protocols: { imap: 'imap_on' },
          },
          aliases: { table: 'nosuch' },
        },
      }),
    )
    expect(problem.split('\n').map((line) => line.split(':')[0])).toEqual([
      'tables.domains.columns.active',
      'tables.accounts.columns.password',
      'tables.accounts.columns.quota',
      'tables.accounts.protocols.imap',
      'tables.accounts.attributes.home',
      'tables.accounts.where.tenant',
      'tables.aliases.table',
      'passwords.defaultScheme',
    ])
    expect(problem).toContain('the column "pw" of "mailbox" cannot be read')
  })

  it('reads further conditions and switches', async () => {
    await site.database.query((knex) =>
      knex.schema.alterTable('mailbox', (table) => {
        table.integer('tenant').nullable()
        table.string('imap_on', 1).notNullable().defaultTo('1')
      }),
    )
    await mailbox('jo@example.org', { tenant: 7, imap_on: '0', password: '{PLAIN}secret' })
    await mailbox('eve@example.org', { tenant: 8 })
    await mailbox('anna@example.org')
    const accountsWith = (where: object): Promise<SiteReader> =>
      site.read({
        ...options,
        tables: { aliasDomains: null, accounts: { where: where as never, protocols: { imap: 'imap_on' } } },
      })
    const found = async (where: object): Promise<string> => {
      const reader = await accountsWith(where)
      const names = ['jo', 'eve', 'anna']
      const kinds = await Promise.all(names.map((name) => kindOf(reader, `${name}@example.org`)))
      return names.filter((_, index) => kinds[index] !== 'unknown').join(' ')
    }
    expect(await found({ tenant: 7 })).toBe('jo')
    expect(await found({ tenant: [7, 8] })).toBe('jo eve')
    expect(await found({ tenant: null })).toBe('anna')
    expect(await found({ tenant: { not: null } })).toBe('jo eve')
    expect(await found({ tenant: { not: 7 } })).toBe('eve anna')
    expect(await found({ tenant: { not: [7, 8] } })).toBe('anna')
    const { accounts } = await accountsWith({})
    expect(await accounts.verify('jo@example.org', 'secret', 'imap')).toEqual({
      ok: false,
      reason: 'protocol',
    })
    expect(await accounts.verify('jo@example.org', 'secret', 'pop3')).toMatchObject({ ok: true })
  })

  it('starts without the database, and answers when it has seen the tables', async () => {
    await mailbox('jo@example.org')
    const giveBack = underTest.takeAway()
    const reader = await site.read(options, log)
    expect(events).toMatchObject([{ event: 'unavailable' }])
    expect(await codeOf(reader.accounts.resolve(addressOf('jo@example.org')))).toBe('MAIL_E_UNAVAILABLE')
    giveBack()
    await expect
      .poll(() => kindOf(reader, 'jo@example.org').catch(errorCode), { timeout: 20_000 })
      .toBe('jo@example.org')
  })

  it('is unavailable as long as the tables are not as the config says', async () => {
    const giveBack = underTest.takeAway()
    const { accounts } = await site.read({ ...options, tables: { accounts: { table: 'nosuch' } } })
    giveBack()
    for (const call of [accounts.domain('x.example'), accounts.byId('x'), accounts.verify('x', 'y', 'imap')])
      expect(await codeOf(call)).toBe('MAIL_E_UNAVAILABLE')
  })

  it('is unavailable where a table is lost while it runs, and says nothing else', async () => {
    const { accounts, sort } = await site.read(options)
    await site.database.query((knex) => knex.schema.dropTable('alias'))
    expect(await codeOf(accounts.resolve(addressOf('jo@example.org')))).toBe('MAIL_E_UNAVAILABLE')
    const account = { id: 'jo@example.org', address: addressOf('jo@example.org') }
    const route = { kind: 'account', account, address: account.address } as const
    const disposition = { route, reversePath: null, message: undefined as never, actions: [] }
    expect(await codeOf(sort(disposition))).toBe('MAIL_E_UNAVAILABLE')
    await site.database.query((knex) => knex.schema.dropTable('mailbox'))
    expect(await codeOf(accounts.verify('jo@example.org', 'secret', 'imap'))).toBe('MAIL_E_UNAVAILABLE')
    expect(await codeOf(accounts.byId('jo@example.org'))).toBe('MAIL_E_UNAVAILABLE')
  })

  it('has no administration, and a command only where passwords may be written', async () => {
    const reading = await site.read(options)
    expect(reading.accounts.administration).toBeUndefined()
    expect(reading.commands).toEqual([])
    expect((await site.read({ ...options, passwords: { writeBack: true } })).commands).toEqual([
      'existing passwd',
    ])
  })
})
