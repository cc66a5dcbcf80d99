import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { Wire } from '../support/wire.ts'

// One guard in front of SMTP, IMAP and POP3, in a server of its own, with the command line beside it.

const config = `
import { defineConfig } from 'mailwright'
import accountsSql from 'mailwright/plugins/accounts-sql'
import database from 'mailwright/plugins/database'
import guard from 'mailwright/plugins/guard'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    database(),
    accountsSql(),
    guard({ neverBan: [], networkFailures: 4, wideFailures: 0, firstDelay: 0, syncEvery: 200 }),
    maildir(),
    localDelivery(),
    queue(),
    smtp({ role: 'submission', port: 0, allowPlaintextAuth: true }, { as: 'submission' }),
    imap({ port: 0, allowPlaintextLogin: true }),
    pop3({ port: 0, allowPlaintextLogin: true }),
  ],
})
`

const user = 'jo@example.org'
const password = 'Correct-horse-1'

let project: TemporaryProject
let server: ServerProcess

beforeAll(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  expect(await mailwright('domain', 'add', 'example.org')).toMatchObject({ exitCode: 0 })
  const added = await runCommand(project.folder, ['user', 'add', user, '--password-stdin'], `${password}\n`)
  expect(added).toMatchObject({ exitCode: 0 })
  server = await startServer(project.folder)
})

afterAll(async () => {
  await server?.stop()
  await project?.[Symbol.asyncDispose]()
})

const mailwright = (...words: readonly string[]) => runCommand(project.folder, words)

function connectFrom(localAddress: string, plugin: string): Wire {
  return new Wire(connect({ host: '127.0.0.1', port: server.port(plugin), localAddress }))
}

/** What a client is greeted with. */
async function greeting(localAddress: string, plugin: string): Promise<string> {
  const wire = connectFrom(localAddress, plugin)
  const line = await wire.line()
  wire.socket.destroy()
  return line
}

async function pop3Login(localAddress: string, login: string, secret: string): Promise<string> {
  const wire = connectFrom(localAddress, 'pop3')
  expect(await wire.line()).toMatch(/^\+OK/)
  await wire.ask(`USER ${login}`)
  const answer = await wire.ask(`PASS ${secret}`)
  wire.socket.destroy()
  return answer
}

async function smtpLogin(localAddress: string, login: string, secret: string): Promise<string> {
  const wire = connectFrom(localAddress, 'submission')
  expect(await wire.line()).toMatch(/^220/)
  wire.send('EHLO client.example\r\n')
  await wire.until('250 ')
  await wire.line()
  const answer = await wire.ask(`AUTH PLAIN ${Buffer.from(`\0${login}\0${secret}`).toString('base64')}`)
  wire.socket.destroy()
  return answer
}

async function imapLogin(localAddress: string, login: string, secret: string): Promise<string> {
  const wire = connectFrom(localAddress, 'imap')
  expect(await wire.line()).toMatch(/^\* OK/)
  wire.send(`a LOGIN ${login} ${secret}\r\n`)
  await wire.until('a ')
  const answer = await wire.line()
  wire.socket.destroy()
  return answer
}

const refused = {
  submission: /^421 4\.7\.0 Too many failed logins from your network; try again in 15 minutes$/,
  imap: /^\* BYE Too many failed logins/,
  pop3: /^-ERR \[SYS\/TEMP\] Too many failed logins/,
} as const

async function expectRefused(localAddress: string): Promise<void> {
  for (const [plugin, words] of Object.entries(refused))
    expect(await greeting(localAddress, plugin)).toMatch(words)
}

test('what is learnt in one protocol holds in all, outlives the server, and is lifted in a running one', async () => {
  for (let name = 0; name < 4; name++)
    expect(await pop3Login('127.0.0.1', `nobody${name}`, 'wrong')).toMatch(/^-ERR \[AUTH\]/)
  await expectRefused('127.0.0.1')
  expect(await greeting('127.0.1.9', 'submission')).toMatch(/^220/)
  expect(await server.stop()).toBe(0)
  server = await startServer(project.folder)
  await expectRefused('127.0.0.1')
  const listed = await mailwright('guard', 'list')
  expect(listed.out).toMatch(/127\.0\.0\.1\/32 {2}banned until .* 4 failed logins/)
  const traced = await mailwright('trace', '--text', 'bans 127.0.0.1/32')
  expect(traced.out).toContain('127.0.0.1')
  expect(await mailwright('guard', 'unban', '127.0.0.1')).toMatchObject({ exitCode: 0 })
  await expect.poll(() => greeting('127.0.0.1', 'submission'), { timeout: 10_000 }).toMatch(/^220/)
  expect(await imapLogin('127.0.0.1', user, password)).toMatch(/^OK/)
})

test('all protocols count together', async () => {
  expect(await pop3Login('127.0.2.1', 'one', 'wrong')).toMatch(/^-ERR/)
  expect(await smtpLogin('127.0.2.1', 'two', 'wrong')).toMatch(/^535 5\.7\.8/)
  expect(await imapLogin('127.0.2.1', 'three', 'wrong')).toMatch(/^NO \[AUTHENTICATIONFAILED\]/)
  expect(await smtpLogin('127.0.2.1', user, 'wrong')).toMatch(/^535 5\.7\.8/)
  await expectRefused('127.0.2.1')
})

test('where the owner has logged in, strangers cannot lock him out', async () => {
  expect(await smtpLogin('127.0.3.1', user, password)).toMatch(/^235/)
  for (let name = 0; name < 20; name++)
    expect(await smtpLogin('127.0.3.1', `guess${name}@example.org`, 'wrong')).toMatch(/^535/)
  expect(await smtpLogin('127.0.3.1', 'other@example.org', 'wrong')).toMatch(/^421/)
  expect(await smtpLogin('127.0.3.1', user, password)).toMatch(/^235/)
  expect(await pop3Login('127.0.3.1', user, password)).toMatch(/^\+OK/)
})

test('the postmaster bans, and a running server follows', async () => {
  const made = await mailwright('guard', 'ban', '127.0.4.0/24', '--for', '1h', '--reason', 'a test')
  expect(made).toMatchObject({ exitCode: 0 })
  await expect.poll(() => greeting('127.0.4.77', 'pop3'), { timeout: 10_000 }).toMatch(/^-ERR \[SYS\/TEMP\]/)
  expect((await mailwright('guard', 'show', '127.0.4.77')).out).toContain('by the postmaster: a test')
  expect(await mailwright('guard', 'unban', 'all')).toMatchObject({ exitCode: 0 })
  await expect.poll(() => greeting('127.0.4.77', 'pop3'), { timeout: 10_000 }).toMatch(/^\+OK/)
})
