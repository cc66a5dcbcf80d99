import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { wireTo } from '../support/wire.ts'

// The file of the database goes away while the server runs, and somebody works at the command line meanwhile: nobody is told for good
// that there is no such address.

const config = `
  import accountsSql from 'mailwright/plugins/accounts-sql'
  import database from 'mailwright/plugins/database'
  import localDelivery from 'mailwright/plugins/local-delivery'
  import maildir from 'mailwright/plugins/maildir'
  import pop3 from 'mailwright/plugins/pop3'
  import queue from 'mailwright/plugins/queue'
  import smtp from 'mailwright/plugins/smtp'
  export default {
    hostname: 'mail.example.org',
    dataDir: 'data',
    plugins: [
      database(), accountsSql(), maildir(), localDelivery({ postmaster: 'jo@example.org' }), queue(),
      smtp({ port: 0 }), pop3({ port: 0, allowPlaintextLogin: true }),
    ],
  }
`

let project: TemporaryProject
let server: ServerProcess
let file: string

beforeEach(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  file = join(project.folder, 'data/mailwright.db')
  expect(await mailwright(['domain', 'add', 'example.org'])).toMatchObject({ code: 0, stderr: '' })
  const added = await mailwright(['user', 'add', 'jo@example.org', '--password-stdin'], 'a long secret\n')
  expect(added).toMatchObject({ code: 0 })
  server = await startServer(project.folder)
})

afterEach(async () => {
  await server.stop()
  await project[Symbol.asyncDispose]()
})

function mailwright(words: readonly string[], stdin = ''): Promise<Finished> {
  const program = [`${projectFolder}/core/cli/launch.mjs`, ...words]
  return runProcess('node', program, { folder: project.folder, stdin })
}

/** The answers to RCPT, which looks an address up that nobody has asked for yet, and to PASS. */
async function answers(detail: string): Promise<readonly [string, string]> {
  const smtp = wireTo(server.port('smtp'))
  await smtp.line()
  for (const line of ['HELO client.example', 'MAIL FROM:<a@client.example>']) await smtp.ask(line)
  const recipient = await smtp.ask(`RCPT TO:<jo+${detail}@example.org>`)
  smtp.socket.destroy()
  const pop3 = wireTo(server.port('pop3'))
  await pop3.line()
  await pop3.ask('USER jo@example.org')
  const login = await pop3.ask('PASS a long secret')
  pop3.socket.destroy()
  return [recipient, login]
}

const well = [expect.stringMatching(/^250 /), expect.stringMatching(/^\+OK /)]
const later = [expect.stringMatching(/^451 /), expect.stringMatching(/^-ERR \[SYS\/TEMP\] /)]

test('without its database a server says "later" until that is back, whoever works meanwhile', async () => {
  expect(await answers('one')).toEqual(well)
  await rename(file, `${file}.away`)
  expect(await answers('two')).toEqual(later)
  for (const words of [['user', 'list'], ['database', 'migrate'], ['start']]) {
    const { code, stderr } = await mailwright(words)
    expect(code).toBe(1)
    expect(stderr).toContain(`there is no file ${file} any more; put the database back`)
  }
  const message = 'Subject: x\n\ntext\n'
  expect(await mailwright(['deliver', 'jo@example.org'], message)).toMatchObject({ code: 75 })
  expect(existsSync(file)).toBe(false)
  expect(await answers('three')).toEqual(later)
  const recovered = server.logged('recovered')
  await rename(`${file}.away`, file)
  expect(await answers('four')).toEqual(well)
  await recovered
  expect(await mailwright(['deliver', 'jo@example.org'], message)).toMatchObject({ code: 0 })
})
