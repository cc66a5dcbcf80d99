import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { database } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import popBeforeSmtp, { type LogInput } from 'mailwright/plugins/pop-before-smtp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startCourier } from '../support/peers/courier.ts'
import { startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer, requirePeerModule, requireUnpackedPeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'
import { password, type RelaySystem, startRelaySystem, trusted } from '../support/smtp/relay-system.ts'

const swaks = requirePeerModule('swaks', 'libio-socket-ssl-perl')
const openssl = requirePeer('openssl')
const curl = requirePeer('curl')
const dovecot = requirePeerModule('doveadm', 'dovecot-imapd', 'dovecot-pop3d')
const courier = requireUnpackedPeer('courier')

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-relay-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** What swaks shows of a mail to somebody else. */
async function send(system: RelaySystem, listener: string, ...words: readonly string[]): Promise<string> {
  const server = ['--server', `127.0.0.1:${system.portOf(listener)}`, '--to', 'someone@foreign.example']
  const { stdout, stderr } = await runProcess('swaks', [...server, ...words], { folder })
  return stdout + stderr
}

const user = ['--tls', '--auth', 'PLAIN', '--auth-user', 'jo@here.example', '--auth-password', password]

describe.runIf(swaks.available)(swaks.title, () => {
  test('a user sends out under own addresses only', async () => {
    await using system = await startRelaySystem()
    const from = (address: string) => ['--from', address, '--h-From', address]
    expect(await send(system, 'submission', ...user, ...from('jo+x@here.example'))).toContain('250 2.0.0')
    expect(await send(system, 'submission', ...user, ...from('boss@here.example'))).toContain('550 5.7.1')
    const disguised = ['--from', 'jo@here.example', '--h-From', 'The Boss <boss@here.example>']
    expect(await send(system, 'submission', ...user, ...disguised)).toContain('550 5.7.1')
    expect(system.sent.map((each) => each.from)).toEqual(['jo+x@here.example'])
  })

  test('a stranger does not, and a trusted client does', async () => {
    await using system = await startRelaySystem()
    expect(await send(system, 'transfer', '--from', 'jo@here.example')).toContain('550 5.7.1')
    expect(system.sent).toEqual([])
    const words = ['--from', 'printer@here.example', '--local-interface', trusted]
    expect(await send(system, 'transfer', ...words)).toContain('250 2.0.0')
    expect(system.sent).toHaveLength(1)
  })
})

describe.runIf(swaks.available && openssl.available)(`${swaks.title} and ${openssl.title}`, () => {
  async function certificate(name: string): Promise<{ readonly words: string[]; readonly print: string }> {
    const [key, chain] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    await runProcess('openssl', [...made, '-keyout', key, '-out', chain, '-subj', `/CN=${name}`], { folder })
    const print = ['x509', '-in', chain, '-noout', '-fingerprint', '-sha256']
    const { stdout } = await runProcess('openssl', print, { folder })
    return {
      words: ['--tls', '--tls-cert', chain, '--tls-key', key],
      print: stdout.trim().split('=')[1] ?? '',
    }
  }

  test('a client with a known certificate sends out, one with another does not', async () => {
    const [known, other] = [await certificate('relay.example'), await certificate('other.example')]
    await using system = await startRelaySystem({
      relay: {
        networks: [],
        clientCertificates: { fingerprints: [known.print], subjects: ['CN=other.example'] },
      },
      smtp: { clientCertificates: 'ask' },
    })
    expect(await send(system, 'transfer', ...known.words)).toContain('250 2.0.0')
    // Nobody whom we trust has signed it.
    expect(await send(system, 'transfer', ...other.words)).toContain('550 5.7.1')
    expect(await send(system, 'transfer', '--tls')).toContain('550 5.7.1')
    expect(system.sent).toHaveLength(1)
  })
})

/** A system that follows a log, and what it has learned of it. */
async function following(log: LogInput): Promise<RelaySystem> {
  return startRelaySystem({
    plugins: [databasePlugin({ file: join(folder, 'test.db') }), popBeforeSmtp({ exclude: [], logs: [log] })],
  })
}

async function learned(system: RelaySystem): Promise<readonly string[]> {
  const rows = await system.host
    .service(database)
    .query((knex) => knex('pop_before_smtp_logins').select('network', 'login', 'source'))
  return rows.map(({ network, login, source }) => `${network} ${login} ${source}`).sort()
}

describe.runIf(dovecot.available && curl.available)(`logins at a real Dovecot (${dovecot.title})`, () => {
  test('open relaying: those under TLS, and no forged ones', async () => {
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=here.example']
    const [key, chain] = [join(folder, 'key.pem'), join(folder, 'chain.pem')]
    await runProcess('openssl', [...made, '-keyout', key, '-out', chain], { folder })
    // All characters are let through, as some sites have it.
    const settings = `ssl = yes\nssl_cert = <${chain}\nssl_key = <${key}\nauth_username_chars =\n`
    await using server = await startDovecotMail(folder, { settings })
    const path = join(dirname(server.maildir), 'log')
    await using system = await following({ path, format: 'dovecot', domain: 'other.example' })
    const read = async (from: string, login: string, url: string, ...words: string[]) =>
      runProcess('curl', ['-sk', '--interface', from, '-u', login, url, ...words], { folder })
    const imap = `imap://127.0.0.1:${server.imapPort}/`
    const pop3 = `pop3://127.0.0.1:${server.pop3Port}/`
    await read('127.0.0.2', 'clear@other.example:secret', imap)
    await read('127.0.0.3', 'wrong@other.example:wrong', pop3, '--ssl-reqd')
    const forged = 'ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=1, TLS, session=<x>'
    await read('127.0.0.4', `${forged}:secret`, pop3, '--ssl-reqd')
    await read('127.0.0.5', 'jo@here.example:secret', imap, '--ssl-reqd')
    await read('127.0.0.6', 'ann:secret', pop3, '--ssl-reqd')
    await expect
      .poll(() => learned(system), { timeout: 20_000 })
      .toEqual(['127.0.0.5 jo@here.example dovecot', '127.0.0.6 ann@other.example dovecot'])
    const from = (address: string, sender: string) => ['--local-interface', address, '--from', sender]
    expect(await send(system, 'transfer', ...from('127.0.0.5', 'jo@here.example'))).toContain('250 2.0.0')
    expect(await send(system, 'transfer', ...from('127.0.0.6', 'ann@other.example'))).toContain('250 2.0.0')
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.6'])
      expect(await send(system, 'transfer', ...from(address, 'jo@here.example'))).toContain('550 5.7.1')
    expect(system.sent).toHaveLength(2)
  })
})

describe.runIf(courier.available)(`logins at a real Courier (${courier.title})`, () => {
  test('open relaying, in the words of its IMAP and its POP3 server', async () => {
    await using server = await startCourier(courier, folder)
    const path = join(folder, 'mail.log')
    await writeFile(path, '')
    await using system = await following({ path, format: 'courier', alwaysTls: true, domain: 'example.org' })
    const said = await Promise.all([
      server.run('usr/bin/imapd', ['Maildir'], 'a LOGOUT\r\n'),
      server.run('usr/lib/courier/courier/courierpop3d', ['Maildir'], 'QUIT\r\n'),
    ])
    // Courier has its own logger between its standard error and syslog, which puts the name of the program there.
    const lines = said.flatMap(({ stderr }, index) =>
      stderr
        .split('\n')
        .filter((line) => line.startsWith('INFO: '))
        .map((line) => `May 19 00:20:34 mail ${index === 0 ? 'imapd' : 'pop3d'}: ${line.slice(6)}\n`),
    )
    expect(lines.join('')).toMatch(/LOGIN, user=.*LOGOUT, user=/s)
    await appendFile(path, lines.join(''))
    await expect
      .poll(() => learned(system), { timeout: 20_000 })
      .toContain('127.0.0.1 ann@example.org courier')
    expect(await learned(system)).toHaveLength(1)
  })
})
