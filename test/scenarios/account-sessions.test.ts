import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { LineClient } from '../support/line-client.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// Sessions end with the right to be: commands of another process change accounts that are logged in.

const config = `
import { defineConfig } from 'mailwright'
import accountsSql from 'mailwright/plugins/accounts-sql'
import database from 'mailwright/plugins/database'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'

const host = '127.0.0.1'

export default defineConfig({
  dataDir: 'data',
  plugins: [
    localNotifier(),
    database(),
    accountsSql(),
    maildir(),
    localDelivery(),
    relay(),
    queue(),
    imap({ host, port: 0, allowPlaintextLogin: true }),
    pop3({ host, port: 0, allowPlaintextLogin: true }),
    smtp({ role: 'submission', host, port: 0, allowPlaintextAuth: true }),
  ],
})
`

const secret = 'correct horse'
let project: TemporaryProject
let server: ServerProcess
let address: string
let count = 0

async function run(...words: readonly string[]): Promise<void> {
  const ran = await runCommand(project.folder, words, `${secret}\n`)
  expect(ran).toMatchObject({ exitCode: 0 })
}

beforeAll(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  await run('domain', 'add', 'example.org')
  server = await startServer(project.folder)
})
afterAll(async () => {
  await server?.stop()
  await project?.[Symbol.asyncDispose]()
})

const clients: LineClient[] = []
beforeEach(async () => {
  address = `jo${++count}@example.org`
  await run('user', 'add', address, '--password-stdin')
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

/** A session that somebody has logged in to, in the middle of nothing. */
async function logIn(listener: 'imap' | 'pop3' | 'smtp'): Promise<LineClient> {
  const client = await LineClient.open(server.port(listener))
  clients.push(client)
  await client.line()
  if (listener === 'imap') {
    client.send(`a LOGIN ${address} "${secret}"`)
    expect(await last(client, /^a /)).toMatch(/^a OK/)
    client.send('b IDLE')
    expect(await client.line()).toBe('+ idling')
  } else if (listener === 'pop3') {
    client.send(`USER ${address}`)
    await client.line()
    client.send(`PASS ${secret}`)
    expect(await client.line()).toMatch(/^\+OK/)
  } else {
    const plain = Buffer.from(`\0${address}\0${secret}`).toString('base64')
    client.send('EHLO client.example')
    await last(client, /^250 /)
    client.send(`AUTH PLAIN ${plain}`)
    expect(await client.line()).toMatch(/^235 /)
    client.send(`MAIL FROM:<${address}>`)
    expect(await client.line()).toMatch(/^250 /)
  }
  return client
}

async function last(client: LineClient, form: RegExp): Promise<string | undefined> {
  for (;;) {
    const line = await client.line()
    if (line === undefined || form.test(line)) return line
  }
}

/** All that a session is told until it ends. */
async function rest(client: LineClient): Promise<readonly string[]> {
  const lines: string[] = []
  for (let line = await client.line(); line !== undefined; line = await client.line()) lines.push(line)
  return lines
}

describe.each([
  ['password', () => run('user', 'passwd', address, '--password-stdin'), 'The password has changed'],
  ['account that is disabled', () => run('user', 'set', address, '--disable'), 'The account is disabled'],
  ['account that is removed', () => run('user', 'remove', address), 'The account is gone'],
  ['command', () => run('user', 'logout', address), 'Log in again'],
] as const)('another %s', (_, change, reason) => {
  test('ends sessions, and says why where the protocol has a word for it', async () => {
    const [imap, pop3, smtp] = [await logIn('imap'), await logIn('pop3'), await logIn('smtp')]
    await change()
    expect(await rest(imap)).toEqual([`* BYE ${reason}`])
    expect(await rest(pop3)).toEqual([])
    expect(await rest(smtp)).toEqual([`421 4.7.0 ${reason}`])
  })
})

test('who may not use one protocol any more goes on with the others', async () => {
  const [imap, smtp] = [await logIn('imap'), await logIn('smtp')]
  await run('user', 'set', address, '--deny', 'submission')
  expect(await rest(smtp)).toEqual(['421 4.7.0 The account may not use submission'])
  imap.send('DONE')
  expect(await last(imap, /^b /)).toMatch(/^b OK/)
})

test('a quota counts in sessions that are open', async () => {
  const imap = await logIn('imap')
  imap.send('DONE')
  await last(imap, /^b /)
  const append = async (tag: string): Promise<string | undefined> => {
    const text = `Subject: x\r\n\r\n${'x'.repeat(2_000)}`
    imap.send(`${tag} APPEND INBOX {${text.length}+}\r\n${text}`)
    return last(imap, new RegExp(`^${tag} `))
  }
  expect(await append('c')).toMatch(/^c OK/)
  await run('user', 'quota', address, '1K')
  for (let at = 0; ; at++) {
    imap.send(`q${at} GETQUOTA ""`)
    const quota = await last(imap, /^\* QUOTA|^q/)
    if (quota === '* QUOTA "" (STORAGE 2 1)') break
    expect(at).toBeLessThan(1_000)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(await append('d')).toMatch(/^d NO \[OVERQUOTA\]/)
  await run('user', 'quota', address, 'none')
  for (let at = 0; !(await append(`e${at}`))?.includes(' OK '); at++) expect(at).toBeLessThan(1_000)
})
