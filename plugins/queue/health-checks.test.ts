import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { database as service } from 'mailwright'
import database from 'mailwright/plugins/database'
import queue from 'mailwright/plugins/queue'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { writeMessages } from '../../test/support/queue/queue-rows.ts'
import { checkFolder } from './health-checks.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-queue-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('a server with a queue', () => {
  let base: DatabaseUnderTest
  let host: TestHost

  beforeEach(async () => {
    base = await databaseUnderTest()
    host = await createTestHost({
      plugins: [database(base.options), queue({ folder: join(folder, 'large') })],
      dataDir: folder,
    })
  })

  afterEach(async () => {
    await host.stop()
    await base[Symbol.asyncDispose]()
  })

  const states = async (): Promise<Record<string, string>> => {
    const { checks } = await host.host.instruments.health.report()
    return Object.fromEntries(checks.map(({ name, state }) => [name, state]))
  }

  it('is well where its tables and its folder can be written', async () => {
    expect(await states()).toMatchObject({ 'queue/tables': 'pass', 'queue/folder': 'pass' })
  })

  it('is not where its tables cannot be changed', async () => {
    await base.refuseChanges(host.service(service))
    expect(await states()).toMatchObject({ 'queue/tables': 'fail', 'queue/folder': 'pass' })
  })

  it('is not where a table is gone', async () => {
    await host.service(service).query((knex) => knex.schema.dropTable('queue_counters'))
    expect(await states()).toMatchObject({ 'queue/tables': 'fail' })
  })

  it.each([
    ['is not there', 'fail'],
    ['is a mount point', 'fail'],
    ['has files', 'pass'],
  ])('where a large message waits and its folder %s: %s', async (is, state) => {
    const tables = host.service(service)
    await writeMessages(tables, [{ number: 7, arrivedAt: Date.now(), to: ['jo@far.example'] }])
    await tables.query((knex) => knex('queue_messages').update({ size: 300_000 }))
    if (is !== 'is not there') await mkdir(join(folder, 'large'))
    if (is === 'has files') await writeFile(join(folder, 'large', '7'), '')
    expect(await states()).toMatchObject({ 'queue/tables': 'pass', 'queue/folder': state })
  })

  it('is not where there is a file in the place of its folder', async () => {
    await writeFile(join(folder, 'large'), '')
    expect(await states()).toMatchObject({ 'queue/tables': 'pass', 'queue/folder': 'fail' })
  })
})

it('a server whose queue keeps nothing checks neither', async () => {
  await using host = await createTestHost({ plugins: [queue()], dataDir: folder })
  const { checks } = await host.host.instruments.health.report()
  expect(checks.map(({ name }) => name).filter((name) => name.startsWith('queue/'))).toEqual([])
})

describe('the folder of large messages', () => {
  it('is well where it can be written, or made', async () => {
    expect(await checkFolder(folder)).toBeUndefined()
    expect(await checkFolder(join(folder, 'not', 'yet'))).toBeUndefined()
    await mkdir(join(folder, 'queue'))
    expect(await checkFolder(join(folder, 'queue'))).toBeUndefined()
  })

  it('is not without room, nor without inodes', async () => {
    const disks = [
      { bavail: 0, blocks: 2_000_000_000, bsize: 512, files: 0, ffree: 0 },
      { bavail: 1_000_000_000, blocks: 2_000_000_000, bsize: 512, files: 1_000, ffree: 0 },
    ]
    for (const disk of disks)
      expect(await checkFolder(join(folder, 'queue'), undefined, async () => disk)).toMatchObject({
        state: 'fail',
      })
  })

  it.each([
    ['EACCES', /this user/],
    ['EROFS', /read-only/],
    ['EIO', /cannot be reached/],
    ['ENOENT', /cannot be reached/],
  ])('with %s is not, which is told in words that do not name it', async (code, reason) => {
    const look = (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }))
    const problem = await checkFolder('/srv/queue', look)
    expect(problem).toEqual({ state: 'fail', reason: expect.stringMatching(reason) })
    expect(problem?.reason).not.toContain('/srv')
  })
})
