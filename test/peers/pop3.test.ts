import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { knownToken } from '../support/known-token.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'

const curl = requirePeer('curl')
const python = requirePeer('python3')
const fetchmail = requirePeer('fetchmail')
const mpop = requirePeer('mpop')
const getmail = requirePeer('getmail')

const first = 'From: a@example.org\r\nSubject: one\r\nMessage-ID: <1@example.org>\r\n\r\nfirst\r\n'
const dotty =
  'From: a@example.org\r\nSubject: dots\r\nMessage-ID: <2@example.org>\r\n\r\n.\r\n..\r\n.x\r\nsecond\r\n'
const large = `From: a@example.org\r\nSubject: large\r\nMessage-ID: <3@example.org>\r\n\r\n${'.0123456789 and so on\r\n'.repeat(20_000)}`

let server: Pop3Server

beforeEach(async () => {
  server = await startPop3Server({ plugins: [knownToken(login)] })
  await server.deliver(first, dotty, large)
})

afterEach(() => server.stop())

async function run(program: string, ...words: string[]): Promise<Finished> {
  return await runProcess(program, words, { folder: server.folder, env: { HOME: server.folder } })
}

async function inFolder(name: string, text: string): Promise<string> {
  const path = join(server.folder, name)
  await writeFile(path, text, { mode: 0o600 })
  return path
}

/** The messages of a Maildir's `new` with LF line ends, by subject. */
async function delivered(maildir: string): Promise<Map<string, string>> {
  const messages = new Map<string, string>()
  for (const name of await readdir(join(maildir, 'new'))) {
    const text = await readFile(join(maildir, 'new', name), 'latin1')
    messages.set(/^Subject: (.*)$/m.exec(text)?.[1] ?? '', text)
  }
  return messages
}

async function makeMaildir(name: string): Promise<string> {
  const path = join(server.folder, name)
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(path, part), { recursive: true })
  return path
}

const bodyOf = (message: string) => message.replaceAll('\r\n', '\n').replace(/^[\s\S]*?\n\n/, '')

describe.runIf(curl.available)(curl.title, () => {
  const get = (path: string, ...words: string[]) =>
    run(
      'curl',
      '-sS',
      '-k',
      '--ssl-reqd',
      '-u',
      `${login}:${password}`,
      ...words,
      `pop3://127.0.0.1:${server.port}/${path}`,
    )

  test('lists and fetches over STLS, octet for octet', async () => {
    const sizes = [first, dotty, large].map((message, index) => `${index + 1} ${message.length}\r\n`)
    expect((await get('')).stdout).toBe(sizes.join(''))
    expect((await get('1')).stdout).toBe(first)
    expect((await get('2')).stdout).toBe(dotty)
    expect((await get('3')).stdout).toBe(large)
  })

  test('fetches over implicit TLS', async () => {
    const url = `pop3s://127.0.0.1:${server.tlsPort}/2`
    expect((await run('curl', '-sS', '-k', '-u', `${login}:${password}`, url)).stdout).toBe(dotty)
  })

  test('UIDL, TOP and DELE', async () => {
    expect((await get('', '-X', 'UIDL')).stdout).toMatch(/^1 \d+\.1\r\n2 \d+\.2\r\n3 \d+\.3\r\n$/)
    expect((await get('', '-X', 'TOP 2 1')).stdout).toBe(dotty.split('..')[0])
    expect(await get('1', '-X', 'DELE', '-I')).toMatchObject({ code: 0 })
    expect(await server.uids()).toEqual([2, 3])
  })

  test.each(['PLAIN', 'LOGIN'])('logs in by %s', async (mechanism) => {
    expect((await get('1', '--login-options', `AUTH=${mechanism}`)).stdout).toBe(first)
  })

  test.each(['OAUTHBEARER', 'XOAUTH2'])('logs in by a token, with %s', async (mechanism) => {
    const url = `pop3://127.0.0.1:${server.port}/1`
    const words = ['-sS', '-k', '--ssl-reqd', '-u', login, '--login-options', `AUTH=${mechanism}`]
    const good = await run('curl', ...words, '--oauth2-bearer', 'good-token', url)
    expect(good.stdout).toBe(first)
    // 67: the server denied the login.
    expect((await run('curl', ...words, '--oauth2-bearer', 'bad-token', url)).code).toBe(67)
  })

  test('a wrong password, and no password in clear', async () => {
    const wrong = await run(
      'curl',
      '-sS',
      '-k',
      '--ssl-reqd',
      '-u',
      `${login}:no`,
      `pop3://127.0.0.1:${server.port}/`,
    )
    // 67: the server denied the login.
    expect(wrong.code).toBe(67)
    const clear = await run('curl', '-sS', '-u', `${login}:${password}`, `pop3://127.0.0.1:${server.port}/`)
    expect(clear.code).toBe(67)
  })
})

describe.runIf(python.available)(`${python.title}, poplib`, () => {
  test('STLS, UIDL, TOP, RETR, DELE, RSET, QUIT', async () => {
    const script = join(import.meta.dirname, 'pop3.py')
    const result = await run('python3', script, String(server.port), String(server.tlsPort), login, password)
    expect(result.stderr).toBe('')
    const seen = JSON.parse(result.stdout)
    const always = 'AUTH-RESP-CODE EXPIRE IMPLEMENTATION LANG PIPELINING RESP-CODES TOP UIDL UTF8'.split(' ')
    expect(seen).toMatchObject({
      clear_capa: [...always, 'STLS'].sort(),
      clear_user: '-ERR [SYS/PERM] No login in clear text, use STLS first',
      stls: '+OK Begin TLS',
      tls_capa: [...always, 'SASL', 'USER'].sort(),
      stat: [3, first.length + dotty.length + large.length],
      list: [`1 ${first.length}`, `2 ${dotty.length}`, `3 ${large.length}`],
      uidl_2: expect.stringMatching(/^\+OK 2 \d+\.2$/),
      retr: [first.trimEnd().split('\r\n'), dotty.trimEnd().split('\r\n')],
      top: dotty.split('\r\n').slice(0, 5),
      quit: '+OK Bye',
    })
    expect(seen.after).toEqual([seen.uidl[0], seen.uidl[2].replace('3 ', '2 ')])
    expect(seen.after_close).toEqual(seen.after)
    expect(await server.uids()).toEqual([1, 3])
  })
})

describe.runIf(fetchmail.available)(fetchmail.title, () => {
  async function poll(...options: string[]): Promise<{ result: Finished; box: string }> {
    const box = join(server.folder, 'fetched')
    await writeFile(box, '')
    const rc = await inFolder(
      'fetchmailrc',
      [
        `poll 127.0.0.1 service ${server.port} proto pop3 uidl`,
        `user "${login}" password "${password}" sslproto "TLS1.2+" no sslcertck`,
        `mda "cat >> ${box}"`,
        ...options,
        '',
      ].join('\n'),
    )
    const result = await run('fetchmail', '-f', rc, '-i', join(server.folder, 'fetchids'), '--nosyslog')
    return { result, box: await readFile(box, 'latin1') }
  }

  test('keeps, and fetches nothing twice', async () => {
    const kept = await poll('keep')
    expect(kept.result).toMatchObject({ code: 0 })
    for (const message of [first, dotty, large]) expect(kept.box).toContain(bodyOf(message))
    // 1: there was no mail to fetch.
    expect(await poll('keep')).toMatchObject({ result: { code: 1 }, box: '' })
    await server.deliver(first)
    const again = await poll('keep')
    expect(again.result.code).toBe(0)
    expect(again.box).toContain(bodyOf(first))
    expect(again.box).not.toContain('second')
    expect(await server.uids()).toEqual([1, 2, 3, 4])
  })

  test('deletes what it has fetched', async () => {
    const { result, box } = await poll('no keep')
    expect(result).toMatchObject({ code: 0 })
    expect(box).toContain(bodyOf(large))
    expect(await server.uids()).toEqual([])
  })
})

describe.runIf(mpop.available)(mpop.title, () => {
  async function pull(keep: 'on' | 'off', auth: string, secret = password): Promise<Map<string, string>> {
    const maildir = await makeMaildir(`mpop-${keep}`)
    const result = await run(
      'mpop',
      '--host=127.0.0.1',
      `--port=${server.port}`,
      '--tls=on',
      '--tls-starttls=on',
      '--tls-certcheck=off',
      `--user=${login}`,
      `--passwordeval=echo ${secret}`,
      `--auth=${auth}`,
      '--pipelining=on',
      '--received-header=off',
      `--keep=${keep}`,
      `--uidls-file=${join(server.folder, `uidls-${keep}`)}`,
      `--delivery=maildir,${maildir}`,
    )
    expect(result).toMatchObject({ code: 0 })
    return await delivered(maildir)
  }

  test('pipelines RETR, keeps, then deletes', async () => {
    const kept = await pull('on', 'plain')
    expect([...kept.keys()].sort()).toEqual(['dots', 'large', 'one'])
    expect(bodyOf(kept.get('dots') ?? '')).toBe(bodyOf(dotty))
    expect(bodyOf(kept.get('large') ?? '')).toBe(bodyOf(large))
    expect(await server.uids()).toEqual([1, 2, 3])
    expect((await pull('off', 'user')).size).toBe(3)
    expect(await server.uids()).toEqual([])
  })

  test.each([
    ['scram-sha-256', password],
    ['login', password],
    ['oauthbearer', 'good-token'],
    ['xoauth2', 'good-token'],
  ])('logs in by %s', async (auth, secret) => {
    const mechanisms: string[] = []
    server.checks.login = ({ mechanism }) => void mechanisms.push(mechanism)
    expect((await pull('on', auth, secret)).size).toBe(3)
    expect(mechanisms).toEqual([auth.toUpperCase()])
  })
})

describe.runIf(getmail.available)(getmail.title, () => {
  test('fetches over implicit TLS and deletes', async () => {
    const box = join(server.folder, 'got')
    // As root it delivers to nothing but a program that it is told to trust.
    const rc = await inFolder(
      'getmailrc',
      [
        '[retriever]',
        'type = SimplePOP3SSLRetriever',
        'server = 127.0.0.1',
        `port = ${server.tlsPort}`,
        `username = ${login}`,
        `password = ${password}`,
        '[destination]',
        'type = MDA_external',
        // It waits for ever for a program that has ended before it begins to wait.
        'path = /bin/sh',
        `arguments = ('-c', 'cat >> "$0"; sleep 0.5', '${box}')`,
        'allow_root_commands = true',
        '[options]',
        'delete = true',
        '',
      ].join('\n'),
    )
    const result = await run('getmail', '--getmaildir', server.folder, '--rcfile', rc)
    expect(result).toMatchObject({ code: 0 })
    const text = await readFile(box, 'latin1')
    for (const message of [first, dotty, large])
      expect(text, result.stdout + result.stderr).toContain(bodyOf(message))
    expect(await server.uids()).toEqual([])
  })
})
