import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteConnection from 'better-sqlite3'
import { database as service } from 'mailwright'
import database from 'mailwright/plugins/database'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thingsTables } from '../../test/support/things-tables.ts'

let folder: string
let host: TestHost

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-database-'))
})

afterEach(async () => {
  await host.stop()
  await rm(folder, { recursive: true })
})

async function start(plugins: Parameters<typeof createTestHost>[0]['plugins']): Promise<void> {
  host = await createTestHost({ plugins, dataDir: folder })
}

async function isWell(): Promise<string | undefined> {
  const { checks } = await host.host.instruments.health.report()
  return checks.find(({ name }) => name === 'database/writable')?.state
}

describe('the check that it can be written', () => {
  test('fails while another process holds the lock for writing', async () => {
    await start([database({ busyTimeout: 50 }), thingsTables()])
    const other = new SqliteConnection(join(folder, 'mailwright.db'))
    other.exec('BEGIN IMMEDIATE')
    expect(await isWell()).toBe('fail')
    other.exec('ROLLBACK')
    other.close()
    await expect.poll(isWell, { timeout: 5_000 }).toBe('pass')
  })

  test('writes, so that it fails where there is no room', async () => {
    await start([database(), thingsTables()])
    const checked = () =>
      host
        .service(service)
        .query((knex) => knex('mailwright_locks').where('name', 'like', 'write-check-__').first('expires_at'))
    expect(await checked()).toBeUndefined()
    expect(await isWell()).toBe('pass')
    expect(await checked()).toMatchObject({ expires_at: expect.any(Number) })
  })

  test('fails where changes are refused, though no row would be changed', async () => {
    await start([database(), thingsTables()])
    await host.service(service).query((knex) => knex.raw('pragma query_only = 1'))
    expect(await isWell()).toBe('fail')
  })
})

test('queries, transactions and commits are measured, and what was not available is counted', async () => {
  await start([database({ busyTimeout: 50 }), thingsTables()])
  const { metrics } = host.host.instruments
  const count = async (name: string, ...labels: string[]) => {
    const samples = (await metrics.gather()).find((family) => family.name === name)?.samples
    const sample = samples?.find((each) => each.labels.join() === labels.join())
    return sample?.counts?.reduce((sum, each) => sum + each) ?? sample?.value
  }
  const calls = 'mailwright_database_call_seconds'
  const before = [
    await count(calls, 'query'),
    await count(calls, 'transaction'),
    await count('mailwright_database_commit_seconds'),
  ]
  await host.service(service).query((knex) => knex('things').insert({ name: 'a' }))
  await host.service(service).transaction((knex) => knex('things').insert({ name: 'b' }))
  const failed = host.service(service).transaction(async () => {
    throw new Error('mine')
  })
  await expect(failed).rejects.toThrow('mine')
  const [queries = 0, transactions = 0, commits = 0] = before
  expect(await count(calls, 'query')).toBe(queries + 1)
  expect(await count(calls, 'transaction')).toBe(transactions + 2)
  expect(await count('mailwright_database_commit_seconds')).toBe(commits + 1)
  expect(await count('mailwright_database_unavailable_total')).toBe(0)
  const other = new SqliteConnection(join(folder, 'mailwright.db'))
  other.exec('BEGIN IMMEDIATE')
  await expect(
    host.service(service).query((knex) => knex('things').insert({ name: 'c' })),
  ).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  other.close()
  expect(await count('mailwright_database_unavailable_total')).toBe(1)
})
