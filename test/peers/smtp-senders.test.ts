import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

const msmtp = requirePeer('msmtp')
const mail = requirePeer('s-nail')
const source = requirePeer('smtp-source')
const swaks = requirePeer('swaks')

const to = 'b@example.org'

let server: SmtpServer

beforeEach(async () => {
  server = await startSmtpServer({ options: { xclient: ['127.0.0.1'], xforward: ['127.0.0.1'] } })
})

afterEach(() => server.stop())

function run(program: string, words: readonly string[], stdin = ''): Promise<Finished> {
  const env = { HOME: server.folder, PATH: `/usr/sbin:${process.env.PATH}` }
  return runProcess(program, words, { folder: server.folder, stdin, env })
}

/** What each message came with, such as `ESMTPSA`. */
function protocols(): readonly (string | undefined)[] {
  return server.taken.map(({ text }) => /\r\n\tby mx\.example\.org with (\w+)\r\n/.exec(text)?.[1])
}

describe.runIf(msmtp.available)(msmtp.title, () => {
  const letter = 'Subject: msmtp\n\n.\n..\nFrom here\n'
  const common = [`--from=${login}`, '--host=127.0.0.1', '--tls-certcheck=off']

  test('in clear, with STARTTLS and a login, with TLS from the first octet', async () => {
    const user = ['--auth=plain', `--user=${login}`, `--passwordeval=echo ${password}`, '--tls=on']
    for (const words of [
      [`--port=${server.port}`, '--auth=off', '--tls=off'],
      [`--port=${server.submissionPort}`, '--tls-starttls=on', ...user],
      [`--port=${server.tlsPort}`, '--tls-starttls=off', ...user],
    ])
      expect(await run('msmtp', [...common, ...words, to], letter)).toMatchObject({ code: 0, stderr: '' })
    expect(protocols()).toEqual(['ESMTP', 'ESMTPSA', 'ESMTPSA'])
    expect(server.taken[0]?.octets.toString()).toContain('\r\n\r\n.\r\n..\r\nFrom here\r\n')
  })

  test('LMTP', async () => {
    const words = ['--protocol=lmtp', `--port=${server.lmtpPort}`, '--auth=off', '--tls=off']
    expect(await run('msmtp', [...common, ...words, to, 'c@example.org'], letter)).toMatchObject({ code: 0 })
    expect(protocols()).toEqual(['LMTP'])
  })

  test('hears a refusal', async () => {
    const words = [`--port=${server.port}`, '--auth=off', '--tls=off', 'nobody@example.org']
    const { code, stderr } = await run('msmtp', [...common, ...words], letter)
    expect({ code, refused: /550 5\.7\.1/.test(stderr) }).toEqual({ code: 65, refused: true })
  })
})

describe.runIf(mail.available)(mail.title, () => {
  test('with STARTTLS and a login, with an attachment', async () => {
    const [user, secret] = [login, password].map(encodeURIComponent)
    const words = ['-:/', '-Sv15-compat', '-Ssendwait', '-Stls-verify=ignore', '-Ssmtp-use-starttls']
    const target = [`-Smta=smtp://${user}:${secret}@127.0.0.1:${server.submissionPort}`, '-Ssmtp-auth=login']
    await writeFile(
      join(server.folder, 'a.bin'),
      Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 256)),
    )
    const letter = ['-s', 'from s-nail', '-r', login, '-a', 'a.bin', to]
    expect(await run('s-nail', [...words, ...target, ...letter], 'text\n')).toMatchObject({ code: 0 })
    expect(protocols()).toEqual(['ESMTPSA'])
    expect(server.taken[0]?.text).toContain('\r\nSubject: from s-nail\r\n')
  })
})

describe.runIf(source.available)('smtp-source', () => {
  test('many sessions at once, and many messages in each', async () => {
    const words = ['-s', '20', '-m', '200', '-r', '5', '-l', '10240', '-f', login, '-t', to]
    expect(await run('smtp-source', [...words, `127.0.0.1:${server.port}`])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(server.taken).toHaveLength(200)
    expect(new Set(server.taken.map((one) => one.to.length))).toEqual(new Set([5]))
  })

  test('a connection for each message, and LMTP', async () => {
    const words = ['-s', '5', '-m', '20', '-f', login, '-t', to]
    expect(await run('smtp-source', ['-d', ...words, `127.0.0.1:${server.port}`])).toMatchObject({ code: 0 })
    expect(await run('smtp-source', ['-L', ...words, `127.0.0.1:${server.lmtpPort}`])).toMatchObject({
      code: 0,
    })
    expect(protocols()).toEqual([...Array(20).fill('SMTP'), ...Array(20).fill('LMTP')])
  })
})

describe('nodemailer', () => {
  test('in clear, with STARTTLS and a login, with TLS, and pooled', async () => {
    const tls = { rejectUnauthorized: false }
    const auth = { user: login, pass: password }
    const letter = { from: login, to: [to, 'c@example.org'], subject: 'nodemailer', text: '.\n..\nünd\n' }
    for (const options of [
      { port: server.port, ignoreTLS: true },
      { port: server.submissionPort, requireTLS: true, auth },
      { port: server.tlsPort, secure: true, auth },
    ]) {
      const transport = createTransport({ host: '127.0.0.1', tls, ...options })
      expect((await transport.sendMail(letter)).response).toMatch(/^250 2\.0\.0 Taken as/)
      transport.close()
    }
    const pool = createTransport({ host: '127.0.0.1', port: server.port, pool: true, maxConnections: 2, tls })
    await Promise.all(Array.from({ length: 10 }, () => pool.sendMail(letter)))
    pool.close()
    expect(protocols()).toEqual(['ESMTP', 'ESMTPSA', 'ESMTPSA', ...Array(10).fill('ESMTPS')])
  })
})

describe.runIf(swaks.available)(`${swaks.title} --xclient`, () => {
  test('speaks for another client, before and behind STARTTLS', async () => {
    const words = [
      '--server',
      `127.0.0.1:${server.port}`,
      '--from',
      login,
      '--to',
      to,
      '--helo',
      'mta.example',
    ]
    const client = ['--xclient', 'ADDR=192.0.2.7 NAME=one.example']
    expect(await run('swaks', [...words, ...client])).toMatchObject({ code: 0 })
    const attributes = [
      '--xclient-addr',
      '2001:db8::7',
      '--xclient-helo',
      'far.example',
      '--xclient-proto',
      'ESMTP',
    ]
    expect(await run('swaks', [...words, ...attributes])).toMatchObject({ code: 0 })
    const traces = server.taken.map(({ text }) => text.slice(0, text.indexOf('\r\n')))
    expect(traces).toEqual([
      'Received: from mta.example (one.example [192.0.2.7])',
      'Received: from mta.example ([IPv6:2001:db8::7])',
    ])
  })
})
