import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { knownToken } from '../support/known-token.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

const swaks = requirePeerModule('swaks', 'libio-socket-ssl-perl')
const curl = requirePeer('curl')
const python = requirePeer('python3')

const to = 'b@example.org'

let server: SmtpServer

beforeEach(async () => {
  server = await startSmtpServer({ plugins: [knownToken(login)] })
})

afterEach(() => server.stop())

function run(program: string, ...words: string[]): Promise<Finished> {
  return runProcess(program, words, { folder: server.folder })
}

async function inFolder(name: string, text: string): Promise<string> {
  const path = join(server.folder, name)
  await writeFile(path, text)
  return path
}

/** The messages that were taken, by subject. */
function taken(): Map<string, string> {
  return new Map(server.taken.map(({ text }) => [/^Subject: (.*)\r$/m.exec(text)?.[1] ?? '', text]))
}

describe.runIf(swaks.available)(swaks.title, () => {
  async function send(port: number, ...words: string[]): Promise<string> {
    const { stdout, stderr } = await run(
      'swaks',
      '--server',
      `127.0.0.1:${port}`,
      '--from',
      login,
      '--to',
      to,
      ...words,
    )
    return stdout + stderr
  }

  test('in clear, with STARTTLS, and with TLS from the first octet', async () => {
    expect(await send(server.port, '--h-Subject', 'clear')).toMatch(/<- {2}250 2\.0\.0 Taken/)
    expect(await send(server.port, '--tls', '--h-Subject', 'tls')).toMatch(/<~ {2}250 2\.0\.0 Taken/)
    const auth = ['--auth', 'PLAIN', '--auth-user', login, '--auth-password', password]
    expect(await send(server.tlsPort, '--tlsc', '--h-Subject', 'tlsc', ...auth)).toMatch(
      /<~ {2}250 2\.0\.0 Taken/,
    )
    expect([...taken().keys()]).toEqual(['clear', 'tls', 'tlsc'])
    expect(taken().get('tls')).toContain('with ESMTPS\r\n')
    expect(taken().get('tlsc')).toContain('with ESMTPSA\r\n')
  })

  test.each(['PLAIN', 'LOGIN'])('submission with AUTH %s', async (mechanism) => {
    const auth = ['--tls', '--auth', mechanism, '--auth-user', login]
    expect(await send(server.submissionPort, ...auth, '--auth-password', password)).toMatch(
      /<~ {2}235 2\.7\.0[\s\S]*<~ {2}250 2\.0\.0 Taken/,
    )
    expect(await send(server.submissionPort, ...auth, '--auth-password', 'wrong')).toMatch(/<~\* 535 5\.7\.8/)
    expect(await send(server.submissionPort, '--tls')).toMatch(/<~\* 530 5\.7\.0/)
  })

  test('LMTP, with a reply for each recipient', async () => {
    const several = ['--protocol', 'LMTP', '--to', `${to},full@example.org,nobody@example.org,c@example.org`]
    const said = await send(server.lmtpPort, ...several, '--h-Subject', 'lmtp')
    expect(said).toMatch(
      / -> LHLO [\s\S]*<\*\* 550 [\s\S]*<- {2}250 2\.0\.0 .*\n<\*\* 552 5\.2\.2 .*\n<- {2}250 2\.0\.0 /,
    )
    expect(taken().get('lmtp')).toContain('with LMTP\r\n')
    expect(await send(server.lmtpPort, '--protocol', 'ESMTP')).toMatch(/<\*\* 500 5\.5\.1 This is LMTP/)
  })

  test('pipelining', async () => {
    const several = ['--pipeline', '--to', `${to},c@example.org,nobody@example.org`]
    expect(await send(server.port, ...several, '--h-Subject', 'pipelined')).toMatch(/<- {2}250 2\.0\.0 Taken/)
    expect(server.taken[0]?.to.map(({ localPart }) => localPart)).toEqual(['b', 'c'])
  })

  test('a large message, and one that is too large', async () => {
    const large = await inFolder(
      'large.eml',
      `Subject: large\n\n${'.0123456789 and so on\n'.repeat(400_000)}`,
    )
    expect(await send(server.port, '--data', `@${large}`)).toMatch(/250 2\.0\.0 Taken/)
    // swaks puts an empty line of its own behind the data.
    expect(server.taken[0]?.octets.length).toBe(20 + 400_000 * 23)
    const larger = await inFolder('larger.eml', `Subject: larger\n\n${`${'x'.repeat(70)}\n`.repeat(400_000)}`)
    expect(await send(server.port, '--data', `@${larger}`)).toMatch(/552 5\.3\.4/)
    expect(server.taken).toHaveLength(1)
  })
})

describe.runIf(curl.available)(curl.title, () => {
  async function send(url: string, file: string, ...words: string[]): Promise<number | null> {
    const envelope = ['--mail-from', login, '--mail-rcpt', to, '--upload-file', file]
    return (await run('curl', '-sS', '-k', url, ...envelope, ...words)).code
  }

  test('in clear, with STARTTLS and a login, with TLS from the first octet', async () => {
    const file = await inFolder('mail.eml', 'From: a@example.org\r\nSubject: curl\r\n\r\n.\r\n..\r\nend\r\n')
    expect(await send(`smtp://127.0.0.1:${server.port}/client.example`, file)).toBe(0)
    const user = ['--user', `${login}:${password}`]
    expect(await send(`smtp://127.0.0.1:${server.submissionPort}`, file, '--ssl-reqd', ...user)).toBe(0)
    expect(await send(`smtps://127.0.0.1:${server.tlsPort}`, file, ...user)).toBe(0)
    expect(server.taken).toHaveLength(3)
    expect(server.taken[0]?.octets.toString()).toBe(
      'From: a@example.org\r\nSubject: curl\r\n\r\n.\r\n..\r\nend\r\n',
    )
    expect(server.taken[1]?.text).toMatch(/\r\nDate: .*\r\nMessage-ID: <.*>\r\nFrom: a@example\.org\r\n/)
    expect(
      await send(`smtp://127.0.0.1:${server.submissionPort}`, file, '--ssl-reqd', '--user', `${login}:wrong`),
    ).toBe(67)
  })

  test.each(['OAUTHBEARER', 'XOAUTH2'])('logs in by a token, with %s', async (mechanism) => {
    const file = await inFolder('mail.eml', 'From: a@example.org\r\nSubject: token\r\n\r\n')
    const url = `smtp://127.0.0.1:${server.submissionPort}`
    const words = ['--ssl-reqd', '-u', login, '--login-options', `AUTH=${mechanism}`]
    const withToken = (token: string, ...more: string[]) =>
      send(url, file, ...words, ...more, '--oauth2-bearer', token)
    expect(await withToken('good-token')).toBe(0)
    expect(await withToken('good-token', '--sasl-ir')).toBe(0)
    expect(server.taken).toHaveLength(2)
    // 67: the server denied the login.
    expect(await withToken('bad-token', '--sasl-ir')).toBe(67)
  })
})

describe.runIf(python.available)(`${python.title} smtplib`, () => {
  test('everything that it can', async () => {
    const ports = [server.port, server.submissionPort, server.tlsPort, server.lmtpPort].map(String)
    const { code, stdout, stderr } = await run(
      'python3',
      join(projectFolder, 'test/peers/smtp.py'),
      ...ports,
      login,
      password,
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      features: [
        '8bitmime',
        'chunking',
        'enhancedstatuscodes',
        'limits',
        'pipelining',
        'size',
        'smtputf8',
        'starttls',
      ],
      refused: { 'nobody@example.org': 550 },
      utf8: {},
      lmtp: {},
      wrong: 535,
      login: 235,
    })
    const messages = taken()
    expect([...messages.keys()]).toEqual([
      'plain',
      'partly',
      'starttls',
      '\xc3\xbc',
      'auth login',
      'auth plain',
      'lmtp',
    ])
    expect(messages.get('partly')).toContain('\r\n\r\n.\r\n..\r\n')
    expect(messages.get('starttls')?.match(/^\.\r$/gm)).toHaveLength(20_000)
    expect(messages.get('\xc3\xbc')).toContain('with UTF8SMTPS\r\n')
  })

  test.each([
    ['no header', '', 'The disk of db1 is full.\r\nPlease look at it: http://db1.example\r\n'],
    ['a fold of nothing', '', ' evil: continuation\r\nSubject: x\r\n\r\ntext\r\n'],
    ['a line that is no field', 'Subject: x\r\n y\r\n', 'stray\r\nFrom: a\r\n\r\ntext\r\n'],
    ['a header and a body', 'Subject: x\r\n y\r\n', '\r\n.\r\n..\r\nFrom: a\r\n'],
    ['a header alone', 'Subject: x\r\n', ''],
    ['a body alone', '', '\r\nFrom: text\r\n'],
    ['nothing', '', ''],
  ])('text is text for Python’s email package: %s', async (_, fields, text) => {
    const script = join(projectFolder, 'test/peers/smtp_headers.py')
    const [sent, kept] = [join(server.folder, 'sent'), join(server.folder, 'kept')]
    await Promise.all([mkdir(sent), mkdir(kept)])
    await writeFile(join(sent, 'text'), fields + text)
    const ports = [server.port, server.lmtpPort].map(String)
    expect(await run('python3', script, 'send', ...ports, sent)).toMatchObject({ code: 0, stderr: '' })
    await Promise.all(server.taken.map((one, at) => writeFile(join(kept, String(at)), one.text, 'latin1')))
    const { stdout } = await run('python3', script, 'read', kept)
    const names = ['Received', ...(fields === '' ? [] : ['Subject'])]
    const read = [names, text.replace(/^\r\n/, ''), []]
    expect(JSON.parse(stdout)).toEqual({ 0: read, 1: read, 2: read })
  })
})
