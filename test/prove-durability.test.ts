import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statfsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Database, database } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHost } from '../core/host.ts'
import { createLog } from '../core/log.ts'
import { runCommand } from './support/command-line.ts'
import { type DatabaseUnderTest, databaseKind, databaseUnderTest } from './support/database-under-test.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'
import { projectFolder } from './support/project-files.ts'

// `mailwright prove-durability` on the disk of the tests, whatever that is, and on a real database.

interface Finding {
  readonly level: string
  readonly subject: string
  readonly text: string
}

let underTest: DatabaseUnderTest
let project: TemporaryProject

beforeAll(async () => {
  underTest = await databaseUnderTest()
  project = await temporaryProject({
    'mailwright.config.ts': `
      import database from 'mailwright/plugins/database'
      export default { dataDir: 'data', plugins: [${underTest.call}] }`,
  })
})

afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const run = (...words: readonly string[]) => runCommand(project.folder, ['prove-durability', ...words])

test(`the data folder and the database of a config: ${databaseKind}`, async () => {
  const { out, exitCode } = await run('--json')
  const { findings, durable, folder } = JSON.parse(out) as {
    findings: readonly Finding[]
    durable: boolean
    folder: string
  }
  expect(folder).toBe(join(project.folder, 'data'))
  const levels = (subject: string) =>
    findings.filter((one) => one.subject === subject).map(({ level }) => level)
  for (const subject of ['sync of folders', 'rename', 'kill -9']) expect(levels(subject)).toEqual(['good'])
  expect(new Set(levels('database'))).toEqual(new Set(['good']))
  expect(levels('database, kill -9')).toEqual(['good'])
  expect(exitCode).toBe(durable ? 0 : 1)
  expect(durable).toBe(findings.every(({ level }) => level !== 'bad'))
  // Nothing of it is left.
  expect((await readdir(folder)).filter((name) => name.includes('durability'))).toEqual([])
})

/** Asks the database of the config. */
async function inDatabase<T>(ask: Parameters<Database['query']>[0]): Promise<T> {
  const config = { dataDir: join(project.folder, 'data'), plugins: [databasePlugin(underTest.options)] }
  const host = createHost(config, { log: createLog('silent') })
  await host.start()
  try {
    return (await host.service(database).query(ask)) as T
  } finally {
    await host.stop()
  }
}

const memory = '/dev/shm'
// linux/magic.h: TMPFS_MAGIC.
const hasMemory = existsSync(memory) && statfsSync(memory).type === 0x01021994

const isRoot = process.geteuid?.() === 0

test('runs beside each other leave each other alone, and remove what one that has died has left', async () => {
  const dead = `durability_proof_${Date.now() - 4_000_000}_00ff`
  const living = `durability_proof_${Date.now()}_00ff`
  for (const name of [dead, living])
    await inDatabase((knex) => knex.schema.createTable(name, (table) => table.integer('x')))
  const runs = await Promise.all([run('--json'), run('--json')])
  for (const { out } of runs) {
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] }
    expect(
      findings.filter(({ subject, level }) => subject.startsWith('database') && level === 'bad'),
    ).toEqual([])
  }
  expect(await inDatabase((knex) => knex.schema.hasTable(dead))).toBe(false)
  expect(await inDatabase((knex) => knex.schema.hasTable(living))).toBe(true)
  await inDatabase((knex) => knex.schema.dropTable(living))
})

test.runIf(isRoot)('a folder that cannot be written to is no good one', async () => {
  const place = join(project.folder, 'closed')
  await mkdir(place, { mode: 0o555 })
  await chmod(project.folder, 0o755)
  process.seteuid?.(65_534)
  try {
    expect(await run(place)).toMatchObject({ exitCode: 'MAIL_E_UNAVAILABLE', out: '' })
  } finally {
    process.seteuid?.(0)
  }
})

test('an interrupted run removes what it has made', async () => {
  const place = join(project.folder, 'interrupted')
  await mkdir(place)
  const main = join(projectFolder, 'core/cli/main.ts')
  const words = ['--conditions=mailwright-source', main, 'prove-durability', place]
  const child = spawn(process.execPath, words, { cwd: project.folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  await expect.poll(() => readdir(place), { timeout: 30_000, interval: 5 }).not.toEqual([])
  child.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGINT'])
  expect(await readdir(place)).toEqual([])
})

test.runIf(hasMemory)('what plugins keep is examined where it is: mail in memory is bad', async () => {
  const elsewhere = await mkdtemp(join(memory, 'mailwright-'))
  await using system = await temporaryProject({
    'mailwright.config.ts': `
      import database from 'mailwright/plugins/database'
      import maildir from 'mailwright/plugins/maildir'
      import pickup from 'mailwright/plugins/pickup'
      import queue from 'mailwright/plugins/queue'
      const at = (name) => '${elsewhere}/' + name
      const plugins = [database({ file: at('q.db') }), queue({ folder: at('queue') }), pickup({ folder: at('drop') })]
      export default { dataDir: 'data', plugins: [...plugins, maildir({ root: at('mail') })] }`,
  })
  try {
    const { out, exitCode } = await runCommand(system.folder, ['prove-durability', '--json'])
    const { findings } = JSON.parse(out) as { findings: readonly (Finding & { of: string })[] }
    const kept = ['q.db (database)', 'queue (queue)', 'drop (pickup)', 'mail (maildir)']
    const ofMail = findings.filter(({ of }) => of.includes(elsewhere))
    // The temporary folder of the tests may be in memory, too.
    expect(ofMail[0]?.of).toContain(kept.map((name) => join(elsewhere, name)).join(', '))
    expect(ofMail.find(({ subject }) => subject === 'file system')).toMatchObject({
      level: 'bad',
      text: expect.stringContaining('is memory') as unknown,
    })
    expect(exitCode).toBe(1)
  } finally {
    await rm(elsewhere, { recursive: true })
  }
})

describe('words', () => {
  test('a folder is examined by itself, and told for people', async () => {
    await mkdir(join(project.folder, 'elsewhere'))
    const { out } = await run('elsewhere')
    expect(out).toMatch(/^ok +kill -9 +10 processes killed/m)
    expect(out).not.toContain('database')
  })

  test('wrong ones', async () => {
    expect(await run('nowhere')).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
    expect(await run('--verify', 'many')).toMatchObject({ exitCode: 'usage' })
    expect(await run('--verify', '1', '--power-cut')).toMatchObject({ exitCode: 'usage' })
  })

  test('both phases of a power cut, the first of which is killed', async () => {
    const place = join(project.folder, 'cut')
    await mkdir(place)
    const told = await killedPowerCut(place)
    expect(told).toBeGreaterThan(0)
    expect((await run(place, '--verify', '999999999')).exitCode).toBe(1)
    const { out, exitCode } = await run(place, '--verify', String(told))
    expect(out).toContain(`all ${told} records that were told to be safe are there`)
    expect(exitCode).toBe(0)
  })
})

/** Runs the first phase and kills it when it has told something; answers the last number. */
async function killedPowerCut(place: string): Promise<number> {
  const main = join(projectFolder, 'core/cli/main.ts')
  const words = ['--conditions=mailwright-source', main, 'prove-durability', place, '--power-cut']
  const child = spawn(process.execPath, words, { cwd: project.folder, stdio: ['ignore', 'pipe', 'ignore'] })
  let told = 0
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may be a part of one.
    told = Number(/^(\d+) records are safe$/.exec(line)?.[1] ?? told)
    if (told > 100) child.kill('SIGKILL')
  }
  return told
}
