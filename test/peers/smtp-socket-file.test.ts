import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import smtp from 'mailwright/plugins/smtp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

const swaks = requirePeer('swaks')
const python = requirePeer('python3')
const curl = requirePeer('curl')

let folder: string
let lmtp: string
let transfer: string
let server: SmtpServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-sockets-'))
  lmtp = join(folder, 'lmtp')
  transfer = join(folder, 'smtp')
  const second = smtp({ path: transfer }, { as: 'second' })
  server = await startSmtpServer({ lmtp: { path: lmtp }, plugins: [second] })
})

afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function run(program: string, ...words: string[]): Promise<void> {
  expect(await runProcess(program, words, { folder })).toMatchObject({ code: 0 })
}

/** How each message came. */
function protocols(): readonly (string | undefined)[] {
  return server.taken.map(
    ({ text }) => /\(Unix socket\)\r\n\tby mx\.example\.org with (\w+)\r\n/.exec(text)?.[1],
  )
}

test.runIf(swaks.available)(`${swaks.title}, LMTP and SMTP`, async () => {
  const envelope = ['--from', 'a@client.example', '--to', 'b@example.org,c@example.org']
  await run('swaks', '--socket', lmtp, '--protocol', 'LMTP', ...envelope)
  await run('swaks', '--socket', transfer, ...envelope)
  expect(protocols()).toEqual(['LMTP', 'ESMTP'])
})

test.runIf(python.available)(`${python.title} smtplib.LMTP`, async () => {
  const script = `import smtplib, sys
with smtplib.LMTP(sys.argv[1]) as client:
    client.sendmail("a@client.example", ["b@example.org"], b"Subject: x\\r\\n\\r\\n")`
  await run('python3', '-c', script, lmtp)
  expect(protocols()).toEqual(['LMTP'])
})

test.runIf(curl.available)(curl.title, async () => {
  await writeFile(join(folder, 'mail'), 'Subject: x\r\n\r\n')
  const envelope = ['--mail-from', 'a@client.example', '--mail-rcpt', 'b@example.org', '-T', 'mail']
  await run('curl', '-sS', '--unix-socket', transfer, 'smtp://localhost/client.example', ...envelope)
  expect(protocols()).toEqual(['ESMTP'])
})
