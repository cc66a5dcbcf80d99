import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import aliases, { table } from 'mailwright/plugins/aliases'
import rewriting from 'mailwright/plugins/rewriting'
import transports from 'mailwright/plugins/transports'
import { createTestHost } from 'mailwright/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from './support/command-line.ts'
import { type DatabaseUnderTest, databaseUnderTest } from './support/database-under-test.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'

// Tables in files that nobody can read stop the server before it starts, and no command that does not ask them.

let project: TemporaryProject
let underTest: DatabaseUnderTest
let path: string

const config = (databaseCall: string) => `
  import accountsSql from 'mailwright/plugins/accounts-sql'
  import aliases, { table } from 'mailwright/plugins/aliases'
  import database from 'mailwright/plugins/database'
  import localDelivery from 'mailwright/plugins/local-delivery'
  import maildir from 'mailwright/plugins/maildir'
  import queue from 'mailwright/plugins/queue'
  import rewriting from 'mailwright/plugins/rewriting'
  import transports from 'mailwright/plugins/transports'
  const name = 'hash:' + import.meta.dirname + '/table'
  export default {
    dataDir: 'data',
    plugins: [
      ${databaseCall}, accountsSql(), maildir(), aliases({ virtual: [name] }), transports({ tables: [table(name)] }),
      rewriting({ canonical: [table(name)] }), localDelivery(), queue(),
    ],
  }
`

beforeAll(async () => {
  underTest = await databaseUnderTest()
  project = await temporaryProject({ 'mailwright.config.ts': config(underTest.call) })
  path = join(project.folder, 'table')
})

afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const run = (argv: readonly string[], stdin = '') => runCommand(project.folder, argv, stdin)

describe('a broken table', () => {
  beforeEach(() => writeFile(path, 'a@else.example local:\na@else.example local:\nalone\n'))

  test('stops no command that does not ask it, and those that do for now', async () => {
    expect(await run(['domain', 'add', 'here.example'])).toMatchObject({ exitCode: 0, err: '' })
    expect(await run(['user', 'add', 'jo@here.example', '--password-stdin'], 'a secret of jo')).toMatchObject(
      {
        exitCode: 0,
        err: '',
      },
    )
    expect(await run(['queue', 'list'])).toMatchObject({ exitCode: 0, err: '' })
    expect(await run(['deliver', 'jo@here.example'], 'Subject: x\n\nx\n')).toMatchObject({ exitCode: 75 })
  })

  test('is a fault to check', async () => {
    expect(await run(['check'])).toMatchObject({ exitCode: 'MAIL_E_START' })
    await writeFile(path, 'a@else.example local:\n')
    expect(await run(['check'])).toMatchObject({ exitCode: 0 })
  })

  test.each([
    ['aliases', () => aliases({ virtual: [`hash:${path}`] })],
    ['rewriting', () => rewriting({ senderBcc: [table(`hash:${path}`)] })],
    ['transports', () => transports({ tables: [table(`hash:${path}`)] })],
  ])('lets no server start: %s', async (name, plugin) => {
    await expect(createTestHost({ plugins: [plugin()] })).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: `${name} found a fault in what it reads`,
    })
  })
})
