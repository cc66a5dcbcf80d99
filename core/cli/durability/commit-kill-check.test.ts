import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../services/database.ts'
import { checkCommitKills } from './commit-kill-check.ts'

let folder: string
let config: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-commits-'))
  config = join(folder, 'mailwright.config.ts')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const core = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)))

/** A config whose database does something with what it is to commit. */
const configWith = (transaction: string): Promise<void> =>
  writeFile(
    config,
    `import { definePlugin, noOptions } from ${core('plugin.ts')}
     import { database } from ${core('services/database.ts')}
     const service = { dialect: 'sqlite', query: async () => [], transaction: ${transaction} }
     const liar = definePlugin({
       name: 'liar', provides: [database], parseOptions: noOptions,
       setup: ({ provide }) => provide(database, service),
     })
     export default { hostname: 'mx.example.test', plugins: [liar()] }`,
  )

/** A database that has so many rows of every run. */
const holding = (rows: number): Database => ({
  dialect: 'sqlite',
  query: async () => Array.from({ length: rows }) as never,
  transaction: () => Promise.reject(new Error('nothing is written here')),
})

const proof = () => ({ configFile: config, table: 'proof', kills: 2 })

test('rows that are gone after they were acknowledged are bad', async () => {
  await configWith('() => new Promise((done) => setTimeout(done, 1))')
  expect(await checkCommitKills(holding(0), proof())).toMatchObject({
    level: 'bad',
    text: expect.stringMatching(/ and 0 of them are there$/) as unknown,
  })
})

test('where processes cannot commit there is a doubt, with the reason', async () => {
  await configWith("() => Promise.reject(new Error('no room'))")
  expect(await checkCommitKills(holding(0), proof())).toMatchObject({
    level: 'doubt',
    text: expect.stringMatching(/^could not be tried: .*no room/) as unknown,
  })
})

test('what a config prints is no row', async () => {
  await configWith("(console.log(999_999_999), () => Promise.reject(new Error('no room')))")
  expect(await checkCommitKills(holding(0), proof())).toMatchObject({ level: 'doubt' })
})
