// Look-ups of accounts-sql among a million accounts, on SQLite and, where mariadbd is installed, on a MariaDB of its
// own, beside one round trip (`select 1`) on the same connection in the same run.
//
//   node --conditions=mailwright-source test/bench/accounts.ts [accounts] [calls a round] [sqlite,mariadb]
//
// Each contender takes its turn in every round. Addresses are drawn by a generator with a fixed seed: from all accounts
// where the cache is off, and where it is on once from all (it seldom helps) and once from 5,000 that are in use. The
// rate is that of 32 at the same time; latencies are of one after the other.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Address, addressKey, type Database } from 'mailwright'
import type { DatabaseInput } from 'mailwright/plugins/database'
import { requireMariadb, startMariadb } from '../support/peers/mariadb.ts'
import { createDatabase, mariadbUser } from '../support/peers/mariadb-admin.ts'
import { type SqlAccounts, startSqlAccounts } from '../support/sql-accounts.ts'

const accountCount = Number(process.argv[2] ?? 1_000_000)
const calls = Number(process.argv[3] ?? 1_000)
const wanted = (process.argv[4] ?? 'sqlite,mariadb').split(',')
const rounds = 10
const inFlight = 32
const domainCount = 1_000
const aliasEvery = 10
const hotCount = 5_000
const rowsAtOnce = 500

if (wanted.includes('sqlite')) await onSqlite()
if (wanted.includes('mariadb') && requireMariadb().available) await onMariadb()

async function onSqlite(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-accounts-'))
  await measure('SQLite', { file: join(folder, 'bench.db') })
  await rm(folder, { recursive: true })
}

async function onMariadb(): Promise<void> {
  await using server = await startMariadb({ words: ['--innodb-buffer-pool-size=1G'] })
  await createDatabase(server.socketPath, 'bench')
  const { socketPath } = server
  await measure('MariaDB', { client: 'mysql', hosts: [{ socketPath }], ...mariadbUser, database: 'bench' })
}

interface Contender {
  readonly name: string
  readonly call: () => Promise<unknown>
  /** Milliseconds of single calls. */
  readonly latencies: number[]
  /** Calls a second, one figure a round. */
  readonly rates: number[]
}

async function measure(name: string, options: DatabaseInput): Promise<void> {
  const cold = await startSqlAccounts({ options }, { options: { cache: false } })
  await fill(cold.database)
  const warm = await startSqlAccounts({ options })
  const secret = await prepareLogins(cold)
  const contenders = contendersOf(cold, warm, secret)
  for (let round = 0; round < rounds; round++) for (const each of contenders) await runRound(each)
  report(name, contenders)
  await warm.stop()
  await cold.stop()
}

/** A million rows as administration would make them, but for the hashes: 500 a statement, 20,000 a transaction. */
async function fill(database: Database): Promise<void> {
  const began = performance.now()
  const created_at = 1_800_000_000_000
  const password = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA'
  const domains = Array.from({ length: domainCount }, (_, index) => ({ name: domainOf(index), created_at }))
  const accounts = (index: number) => ({
    id: idOf(index),
    ...placeOf(addressOf(index)),
    display_name: `User ${index}`,
    password,
    created_at,
  })
  const aliases = (index: number) => ({
    id: `alias${index}`,
    ...placeOf({ localPart: `alias${index}`, domain: domainOf(index) }),
    target_local_part: `user${index}`,
    target_domain: domainOf(index),
    created_at,
  })
  await insert(database, 'domains', domains.length, (index) => domains[index] ?? {})
  await insert(database, 'accounts', accountCount, accounts)
  await insert(database, 'aliases', accountCount / aliasEvery, aliases)
  console.log(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

async function insert(
  database: Database,
  table: string,
  count: number,
  row: (index: number) => Record<string, unknown>,
): Promise<void> {
  const [columns, atOnce] = [Object.keys(row(0)), 40 * rowsAtOnce]
  const marks = `(${columns.map(() => '?').join(', ')})`
  for (let start = 0; start < count; start += atOnce) {
    await database.transaction(async (transaction) => {
      for (let at = start; at < Math.min(start + atOnce, count); at += rowsAtOnce) {
        const rows = Array.from({ length: Math.min(rowsAtOnce, count - at) }, (_, index) => row(at + index))
        const values = rows.flatMap((each) => columns.map((column) => each[column])) as string[]
        const sql = `insert into ${table} (${columns.join(', ')}) values ${rows.map(() => marks).join(', ')}`
        await transaction.raw(sql, values)
      }
    })
  }
}

/** A login of 1,000 accounts by an app password: everything that a login asks the database, without a slow hash. */
async function prepareLogins({ administration, database }: SqlAccounts): Promise<string> {
  const { secret } = await administration.addAppPassword(addressOf(0), { name: 'bench' })
  await database.transaction(async (transaction) => {
    const { id: _, ...row } = await transaction('app_passwords').first()
    const used = { ...row, last_used_at: Date.now() + 86_400_000 }
    await transaction('app_passwords').update({ last_used_at: used.last_used_at })
    const rows = Array.from({ length: 999 }, (_each, index) => ({ ...used, account_id: idOf(index + 1) }))
    await transaction.batchInsert('app_passwords', rows, 100)
  })
  return secret
}

function contendersOf(cold: SqlAccounts, warm: SqlAccounts, secret: string): readonly Contender[] {
  const any = randomBelow(accountCount)
  const hot = randomBelow(hotCount)
  const few = randomBelow(1_000)
  const login = () => {
    const { localPart, domain } = addressOf(few())
    return cold.accounts.verify(`${localPart}@${domain}`, secret, 'imap')
  }
  return [
    contender('select 1', () => cold.database.query((knex) => knex.raw('select 1'))),
    contender('resolve an account', () => cold.accounts.resolve(addressOf(any()))),
    contender('resolve with a detail', () => cold.accounts.resolve(addressOf(any(), '+lists'))),
    contender('resolve nobody', () => cold.accounts.resolve(addressOf(any(), '-nobody'))),
    contender('byId', () => cold.accounts.byId(idOf(any()))),
    contender('domain', () => cold.accounts.domain(domainOf(any()))),
    contender('verify by an app password', login),
    contender('resolve, cache on, any account', () => warm.accounts.resolve(addressOf(any()))),
    contender(`resolve, cache on, ${hotCount} in use`, () => warm.accounts.resolve(addressOf(hot()))),
    contender(`resolve nobody, cache on`, () => warm.accounts.resolve(addressOf(few(), '-nobody'))),
  ]
}

function contender(name: string, call: () => Promise<unknown>): Contender {
  return { name, call, latencies: [], rates: [] }
}

/** The first round of a contender that remembers warms it up; it is in the figures. */
async function runRound({ call, latencies, rates }: Contender): Promise<void> {
  for (let count = 0; count < calls; count++) {
    const began = performance.now()
    await call()
    latencies.push(performance.now() - began)
  }
  const began = performance.now()
  let left = calls
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  rates.push((calls / (performance.now() - began)) * 1000)
}

function report(name: string, contenders: readonly Contender[]): void {
  const trip = quantile(contenders[0]?.latencies ?? [], 0.5)
  console.log(`${name}, ${accountCount} accounts: ${rounds} rounds of ${calls} calls`)
  console.log(`  ${''.padEnd(34)}${'p50'.padStart(9)}${'p99'.padStart(9)}${'a second'.padStart(10)}`)
  for (const { name: what, latencies, rates } of contenders) {
    const [half, most] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
    const figures = `${ms(half)}${ms(most)}${quantile(rates, 0.5).toFixed(0).padStart(10)}`
    console.log(`  ${what.padEnd(34)}${figures}  ${(half / trip).toFixed(1).padStart(5)} × select 1`)
  }
}

function ms(figure: number): string {
  return `${figure.toFixed(3)} ms`.padStart(9)
}

function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Whole numbers below a bound, the same ones in every run (mulberry32). */
function randomBelow(bound: number): () => number {
  let state = 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

function idOf(index: number): string {
  return `bench${String(index).padStart(21, '0')}`
}

function domainOf(index: number): string {
  return `d${index % domainCount}.example`
}

function addressOf(index: number, suffix = ''): Address {
  return { localPart: `user${index}${suffix}`, domain: domainOf(index) }
}

function placeOf(address: Address): Record<string, unknown> {
  return { address_key: addressKey(address), local_part: address.localPart, domain: address.domain }
}
