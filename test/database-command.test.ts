import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseKind, databaseUnderTest } from './support/database-under-test.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'
import { projectFolder } from './support/project-files.ts'
import { type Finished, runProcess } from './support/run-process.ts'

// `mailwright database migrate`, as a postmaster runs it who wants no change of the tables at a start.

let underTest: DatabaseUnderTest
let project: TemporaryProject

beforeEach(async () => {
  underTest = await databaseUnderTest()
  const call = `database(${JSON.stringify({ ...underTest.options, migrate: 'manual' })})`
  project = await temporaryProject({ 'mailwright.config.ts': config(call) })
})

afterEach(async () => {
  await project[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const config = (databaseCall: string): string => `
  import { database as key, definePlugin, noOptions } from 'mailwright'
  import database from 'mailwright/plugins/database'
  const table = (name) => async (knex) => {
    if (!(await knex.schema.hasTable(name))) await knex.schema.createTable(name, (columns) => { columns.integer('n') })
  }
  const shelf = definePlugin({
    name: 'shelf',
    requires: [key],
    parseOptions: noOptions,
    migrations: [{ name: '0001-books', up: table('books') }, { name: '0002-pages', up: table('pages') }],
    setup: () => undefined,
    commands: () => [{ name: 'shelf', summary: 'x', run: async () => ({ json: {}, text: 'started' }) }],
  })
  export default { plugins: [${databaseCall}, shelf()] }
`

function mailwright(...words: string[]): Promise<Finished> {
  return runProcess('node', [`${projectFolder}/core/cli/launch.mjs`, ...words], { folder: project.folder })
}

test(`tables on ${databaseKind} are changed by the command, and by nothing else`, async () => {
  const listed = 'pending shelf/0001-books\npending shelf/0002-pages\n'
  expect(await mailwright('database', 'migrate', '--dry-run')).toEqual({
    code: 0,
    stdout: listed,
    stderr: '',
  })
  const refused = await mailwright('shelf')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(
    '"mailwright database migrate" will run shelf/0001-books, shelf/0002-pages [MAIL_E_START]',
  )
  const { stdout } = await mailwright('database', 'migrate', '--dry-run', '--json')
  expect(JSON.parse(stdout)).toEqual({
    pending: [
      { plugin: 'shelf', name: '0001-books' },
      { plugin: 'shelf', name: '0002-pages' },
    ],
  })
  expect(await mailwright('database', 'migrate')).toMatchObject({
    code: 0,
    stdout: listed.replaceAll('pending', 'migrated'),
  })
  expect(await mailwright('shelf')).toMatchObject({ code: 0, stdout: 'started\n' })
  for (const words of [[], ['--dry-run']]) {
    expect(await mailwright('database', 'migrate', ...words)).toMatchObject({
      code: 0,
      stdout: 'the tables are up to date\n',
    })
  }
})

test('a database that cannot be reached is exit code 1; a file of SQLite that is not there is made', async () => {
  underTest.takeAway()
  const { code, stderr } = await mailwright('database', 'migrate', '--dry-run')
  if (databaseKind === 'mysql') expect(stderr).toContain('[MAIL_E_UNAVAILABLE]')
  expect(code).toBe(databaseKind === 'mysql' ? 1 : 0)
})
