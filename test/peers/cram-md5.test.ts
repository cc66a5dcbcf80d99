// Clients that speak CRAM-MD5 (RFC 2195), and share no code with ours.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  asciiLogin,
  asciiPassword,
  type CramMd5Server,
  login,
  password,
  startCramMd5Server,
} from '../support/cram-md5-server.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'

const curl = requirePeer('curl')
const swaks = requirePeerModule('swaks', 'libio-socket-ssl-perl')
const python = requirePeer('python3')
const msmtp = requirePeer('msmtp')
const fetchmail = requirePeer('fetchmail')
const gsasl = requirePeer('gsasl')

let server: CramMd5Server

beforeEach(async () => {
  server = await startCramMd5Server()
})

afterEach(() => server.host.stop())

function run(program: string, words: readonly string[], stdin = ''): Promise<Finished> {
  const folder = server.host.dataDir
  return runProcess(program, words, { folder, stdin, env: { LC_ALL: 'C.UTF-8', HOME: folder } })
}

const letter = 'From: tim@example.org\r\nTo: tim@example.org\r\nSubject: CRAM-MD5\r\n\r\nbody\r\n'

describe.runIf(curl.available)(curl.title, () => {
  test.each([
    ['imap', '/INBOX?ALL'],
    ['pop3', '/'],
    ['smtp', '/client.example'],
  ] as const)('%s', async (protocol, path) => {
    const envelope = ['--mail-from', login, '--mail-rcpt', login, '--upload-file', '-']
    const get = (secret: string) =>
      run(
        'curl',
        [
          ...['-sS', '-k', '--ssl-reqd', '--login-options', 'AUTH=CRAM-MD5', '-u', `${login}:${secret}`],
          ...(protocol === 'smtp' ? envelope : []),
          `${protocol}://127.0.0.1:${server.port[protocol]}${path}`,
        ],
        letter,
      )
    expect(await get(password)).toMatchObject({ code: 0 })
    // 67: the server denied the login.
    expect(await get('wrong')).toMatchObject({ code: 67 })
    expect(server.tried).toEqual(['CRAM-MD5', 'CRAM-MD5'])
  })
})

describe.runIf(swaks.available)(swaks.title, () => {
  test('--auth CRAM-MD5', async () => {
    const send = async (secret: string) => {
      const words = ['--server', `127.0.0.1:${server.port.smtp}`, '--from', login, '--to', login, '--tls']
      const auth = ['--auth', 'CRAM-MD5', '--auth-user', login, '--auth-password', secret]
      const { stdout, stderr } = await run('swaks', [...words, ...auth])
      return stdout + stderr
    }
    expect(await send(password)).toMatch(
      / ~> AUTH CRAM-MD5\n<~ {2}334 [\s\S]*<~ {2}235 2\.7\.0[\s\S]*<~ {2}250 2\.0\.0/,
    )
    expect(await send('wrong')).toMatch(/<~\* 535 5\.7\.8/)
  })
})

describe.runIf(python.available)(`${python.title}: imaplib and smtplib`, () => {
  test('login_cram_md5 and auth_cram_md5', async () => {
    const program = join(projectFolder, 'test/peers/cram_md5.py')
    const { imap, smtp } = server.port
    const words = [program, `${imap}`, `${smtp}`, asciiLogin]
    const { stdout, stderr } = await run('python3', words, asciiPassword)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      by_imap: ['OK', expect.stringContaining('[AUTHENTICATIONFAILED]')],
      by_smtp: [235, 535],
    })
  })
})

describe.runIf(msmtp.available)(msmtp.title, () => {
  test('--auth=cram-md5', async () => {
    const send = (secret: string) => {
      const to = ['--host=127.0.0.1', `--port=${server.port.smtp}`, '--tls=on', '--tls-certcheck=off']
      const auth = ['--auth=cram-md5', `--user=${login}`, `--passwordeval=echo '${secret}'`]
      return run('msmtp', [...to, ...auth, `--from=${login}`, login], letter)
    }
    expect(await send(password)).toMatchObject({ code: 0, stderr: '' })
    expect((await send('wrong')).stderr).toContain('535 5.7.8')
    expect(server.tried).toEqual(['CRAM-MD5', 'CRAM-MD5'])
  })
})

describe.runIf(fetchmail.available)(fetchmail.title, () => {
  test('auth cram-md5', async () => {
    const poll = async (secret: string) => {
      const rc = join(server.host.dataDir, 'fetchmailrc')
      const lines = [
        `poll 127.0.0.1 service ${server.port.imap} proto imap auth cram-md5`,
        `user "${login}" password "${secret}" sslproto "TLS1.2+" no sslcertck mda "cat"`,
        '',
      ]
      await writeFile(rc, lines.join('\n'), { mode: 0o600 })
      return run('fetchmail', ['-f', rc, '--nosyslog'])
    }
    // 1: there was no mail to fetch; 3: the login failed.
    expect(await poll(password)).toMatchObject({ code: 1 })
    expect(await poll('wrong')).toMatchObject({ code: 3 })
    expect(new Set(server.tried)).toEqual(new Set(['CRAM-MD5']))
  })
})

describe.runIf(gsasl.available)(gsasl.title, () => {
  test.each(['imap', 'smtp'] as const)('%s', async (protocol) => {
    const logIn = async (secret: string) => {
      const { stdout, stderr } = await run('gsasl', [
        `--${protocol}`,
        '--starttls',
        // Any certificate will do.
        '--x509-ca-file=',
        '--mechanism=CRAM-MD5',
        `--authentication-id=${login}`,
        `--password=${secret}`,
        `--connect=127.0.0.1:${server.port[protocol]}`,
      ])
      return stdout + stderr
    }
    expect(await logIn(password)).toContain('Client authentication finished (server trusted)')
    expect(await logIn('wrong')).not.toContain('Client authentication finished (server trusted)')
  })
})
