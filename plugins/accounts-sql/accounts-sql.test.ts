import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import {
  type Accounts,
  type Address,
  accounts,
  type ConfigError,
  createLog,
  type Database,
  database,
  formatAddress,
  type Lifecycle,
  type Log,
  type PluginContext,
  type PluginInstance,
  parseAddress,
  systemClock,
} from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import { type AccountsSeed, accountsContract, codeOf, expectCode, seedAccounts } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import accountsSql, { type AccountsSqlInput } from './index.ts'
import { parseOptions } from './options.ts'
import { migrations } from './tables.ts'

interface System {
  readonly accounts: Accounts
  readonly database: Database
  serve(): Promise<void>
  stop(): Promise<void>
}

/** Both plugins, started in one folder as a host would. */
async function start(
  dataDir: string,
  options: AccountsSqlInput = {},
  log: Log = createLog('silent'),
): Promise<System> {
  const services = new Map<unknown, unknown>()
  const context = {
    provide: (key: unknown, service: unknown) => void services.set(key, service),
    use: (key: unknown) => services.get(key),
    clock: systemClock,
    migrations: [{ plugin: 'accounts-sql', migrations }],
    log,
    dataDir,
  } as unknown as PluginContext
  const lifecycles = [databasePlugin({ busyTimeout: '20s' }), accountsSql(options)].map(
    ({ definition, options: input }: PluginInstance): Lifecycle =>
      definition.setup(context, definition.parseOptions(input)) ?? {},
  )
  for (const lifecycle of lifecycles) await lifecycle.start?.()
  return {
    accounts: services.get(accounts) as Accounts,
    database: services.get(database) as Database,
    async serve() {
      for (const lifecycle of lifecycles) await lifecycle.serve?.()
    },
    async stop() {
      for (const lifecycle of lifecycles.toReversed()) await lifecycle.stop?.()
    },
  }
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'mailwright-accounts-sql-'))

function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`not an address: ${text}`)
  return address
}

/** A database with the seed; made once, since every change is flushed to the disk. */
let seeded: Buffer | undefined

async function seededDatabase(seed: AccountsSeed): Promise<Buffer> {
  const folder = newFolder()
  const system = await start(folder)
  if (system.accounts.administration !== undefined) await seedAccounts(system.accounts.administration, seed)
  await system.stop()
  const octets = readFileSync(join(folder, 'mailwright.db'))
  rmSync(folder, { recursive: true })
  return octets
}

accountsContract({
  name: 'accounts-sql',
  async create(seed) {
    const folder = newFolder()
    const dataDir = join(folder, 'data')
    mkdirSync(dataDir)
    seeded ??= await seededDatabase(seed)
    writeFileSync(join(dataDir, 'mailwright.db'), seeded)
    const systems = [await start(dataDir)]
    const [first] = systems as [System]
    return {
      accounts: first.accounts,
      async reopen() {
        const again = await start(dataDir)
        systems.push(again)
        return again.accounts
      },
      async disableProtocols(address, protocols) {
        const row = { local_part: address.localPart, domain: address.domain }
        await first.database.query((knex) =>
          knex('accounts')
            .where(row)
            .update({ disabled_protocols: protocols.join(' ') }),
        )
      },
      injectOutage() {
        renameSync(dataDir, join(folder, 'away'))
        return () => renameSync(join(folder, 'away'), dataDir)
      },
      async cleanup() {
        for (const system of systems) await system.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})

describe('accounts-sql', () => {
  let folder: string
  let system: System

  beforeEach(async () => {
    folder = newFolder()
    system = await start(folder)
    await system.accounts.administration?.addDomain('example.org')
  })

  afterEach(async () => {
    await system.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const jo = addressOf('jo@example.org')
  const admin = (): NonNullable<Accounts['administration']> => {
    if (system.accounts.administration === undefined) throw new Error('no administration')
    return system.accounts.administration
  }
  const setColumns = (columns: object): Promise<unknown> =>
    system.database.query((knex) => knex('accounts').update(columns))
  const storedPassword = (): Promise<string> =>
    system.database.query(async (knex) => (await knex('accounts').first('password')).password)

  it('hashes again at a login what was hashed in another way', async () => {
    await admin().addAccount({ address: jo })
    const weak = await hash('secret', { memoryCost: 1024, timeCost: 1 })
    await setColumns({ password: weak })
    expect(await system.accounts.verify('jo@example.org', 'wrong', 'imap')).toMatchObject({ ok: false })
    expect(await storedPassword()).toBe(weak)
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    const renewed = await storedPassword()
    expect(renewed).toContain('m=19456,t=2')
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await storedPassword()).toBe(renewed)
  })

  it('lets people in also where the better hash cannot be kept', async () => {
    await admin().addAccount({ address: jo })
    await setColumns({ password: await hash('secret', { memoryCost: 1024, timeCost: 1 }) })
    await system.database.query((knex) => knex.raw('pragma query_only = 1'))
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
  })

  it('keeps disabled accounts out, and says so only to who knows the password', async () => {
    await admin().addAccount({ address: jo, password: 'secret' })
    await setColumns({ disabled: true })
    const { accounts: service } = system
    expect(await service.verify('jo@example.org', 'secret', 'imap')).toEqual({
      ok: false,
      reason: 'disabled',
    })
    expect(await service.verify('jo@example.org', 'wrong', 'imap')).toEqual({
      ok: false,
      reason: 'wrong-secret',
    })
  })

  it('fails closed for a malformed hash', async () => {
    await admin().addAccount({ address: jo })
    for (const password of ['', '!', 'secret', '{PLAIN}other', '$argon2id$']) {
      await setColumns({ password })
      expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: false })
    }
  })

  it('gives an address to an account or an alias, never to both, whoever comes first', async () => {
    const target = addressOf('x@elsewhere.example')
    for (let round = 0; round < 10; round++) {
      const address = addressOf(`round${round}@example.org`)
      const outcomes = await Promise.allSettled([
        admin().addAccount({ address }),
        admin().addAlias(address, target),
        admin().addAccount({ address }),
      ])
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(codeOf(outcome.reason)).toBe('MAIL_E_EXISTS')
      }
    }
  })

  it('sees at once what another process changes', async () => {
    const other = await start(folder)
    await other.accounts.administration?.addAccount({ address: jo, password: 'secret' })
    expect(await system.accounts.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    await admin().setPassword(jo, 'changed')
    expect(await other.accounts.verify('jo@example.org', 'changed', 'imap')).toMatchObject({ ok: true })
    await other.stop()
  })

  it('finds the alias of an address with a detail', async () => {
    await admin().addAlias(addressOf('sales@example.org'), jo)
    expect(await system.accounts.resolve(addressOf('Sales+2026@example.org'))).toEqual({
      kind: 'alias',
      via: 'alias',
      addresses: [jo],
    })
  })

  it('keeps apart what some databases take for the same', async () => {
    const [plain, spaced] = [addressOf('"jo"@example.org'), addressOf('"jo "@example.org')]
    await admin().addAccount({ address: plain, name: 'plain' })
    expect(await system.accounts.resolve(spaced)).toEqual({ kind: 'unknown' })
    await admin().addAccount({ address: spaced, name: 'spaced' })
    await admin().addAccount({ address: addressOf('jö@example.org') })
    expect(await system.accounts.resolve(spaced)).toMatchObject({ account: { name: 'spaced' } })
    await admin().removeAccount(spaced)
    expect(await system.accounts.resolve(plain)).toMatchObject({ account: { name: 'plain' } })
  })

  it('takes the longest key an address can have', async () => {
    const address = addressOf(`${'İ'.repeat(32)}@${'a.'.repeat(120)}example`)
    await admin().addDomain(address.domain)
    await admin().addAccount({ address })
    expect(await system.accounts.resolve(address)).toMatchObject({ kind: 'account' })
  })

  it('refuses to list what is no domain', async () => {
    await expectCode(admin().accounts("x' or 1=1"), 'MAIL_E_INVALID')
    await expectCode(admin().removeDomain('nosuch.example'), 'MAIL_E_NOT_FOUND')
  })
})

describe('the first account', () => {
  let folder: string
  const systems: System[] = []

  beforeEach(() => {
    folder = newFolder()
  })

  afterEach(async () => {
    for (const system of systems.splice(0)) await system.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const firstAccount = { address: 'Postmaster@Example.org' }

  async function run(
    options: AccountsSqlInput = { firstAccount },
  ): Promise<{ system: System; events: string[] }> {
    const events: string[] = []
    const log = createLog('info', { write: (line) => void events.push(line) })
    const system = await start(folder, options, log)
    systems.push(system)
    return { system, events }
  }

  const note = (): string => readFileSync(join(folder, 'first-account.txt'), 'utf8')
  const notedPassword = (): string => /^password: (.*)$/m.exec(note())?.[1] ?? ''

  it('is made when a server starts without any, and told in a file for its owner only', async () => {
    writeFileSync(join(folder, 'first-account.txt.new'), 'left by a crash', { mode: 0o644 })
    const { system, events } = await run()
    expect(await system.accounts.domain('example.org')).toBeUndefined()
    await system.serve()
    expect(note()).toMatch(/^address: Postmaster@example\.org\npassword: [2-9a-z]{5}(-[2-9a-z]{5}){3}\n$/)
    expect(statSync(join(folder, 'first-account.txt')).mode & 0o777).toBe(0o600)
    const verified = await system.accounts.verify('postmaster@example.org', notedPassword(), 'submission')
    expect(verified).toMatchObject({ ok: true })
    const [told] = events.filter((line) => line.includes('"first-run"'))
    expect(told).toContain('Postmaster@example.org')
    expect(events.join()).not.toContain(notedPassword())
  })

  it('is made once', async () => {
    const { system } = await run()
    await system.serve()
    const before = note()
    await system.serve()
    await (await run()).system.serve()
    expect(note()).toBe(before)
    expect(await system.accounts.administration?.accounts()).toHaveLength(1)
  })

  it('is made once also where two servers start at the same time', async () => {
    const [one, two] = [await run(), await run()]
    await Promise.all([one.system.serve(), two.system.serve()])
    const made = await one.system.accounts.administration?.accounts()
    expect(made?.map(({ address }) => formatAddress(address))).toEqual(['Postmaster@example.org'])
    expect(await one.system.accounts.verify('postmaster@example.org', notedPassword(), 'imap')).toMatchObject(
      { ok: true },
    )
  })

  it('is not made beside others, nor where none is wanted', async () => {
    const { system } = await run({})
    await system.serve()
    expect(await system.accounts.administration?.accounts()).toEqual([])
    await system.accounts.administration?.addDomain('example.org')
    await system.accounts.administration?.addAccount({ address: addressOf('jo@example.org') })
    await (await run()).system.serve()
    expect(await system.accounts.administration?.accounts()).toHaveLength(1)
    expect(note).toThrow()
  })

  it('takes a domain that is there already', async () => {
    const { system } = await run()
    await system.accounts.administration?.addDomain('example.org')
    await system.serve()
    expect(await system.accounts.verify('postmaster@example.org', notedPassword(), 'imap')).toMatchObject({
      ok: true,
    })
  })
})

describe('the options of accounts-sql', () => {
  const paths = (input: unknown): unknown => {
    try {
      return parseOptions(input)
    } catch (error) {
      return (error as ConfigError).faults.map(({ path }) => path)
    }
  }

  it('have defaults', () => {
    expect(parseOptions({})).toEqual({ detailSeparator: '+', firstAccount: undefined })
    expect(parseOptions({ detailSeparator: '' }).detailSeparator).toBe('')
  })

  it.each([
    [{ detailSeparator: 'a' }, ['detailSeparator']],
    [{ detailSeparator: '@' }, ['detailSeparator']],
    [{ detailSeparator: 5 }, ['detailSeparator']],
    [{ detailSeparator: null }, ['detailSeparator']],
    [{ firstAccount: 'jo@example.org' }, ['firstAccount']],
    [{ firstAccount: {} }, ['firstAccount.address']],
    [{ firstAccount: { address: 'jo' } }, ['firstAccount.address']],
    [{ firstAccount: { address: '""@example.org' } }, ['firstAccount.address']],
    [{ firstAccount: { address: 'jo@example.org', pasword: 'x' } }, ['firstAccount.pasword']],
    [{ first: {} }, ['first']],
  ])('%j is refused', (input, expected) => {
    expect(paths(input)).toEqual(expected)
  })
})
