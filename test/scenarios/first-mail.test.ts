import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder, readText } from '../support/project-files.ts'
import { runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// What README.md tells a new user to do, with the programs it names: the example config, swaks and curl.
const swaks = requirePeerModule('swaks', 'libio-socket-ssl-perl')
const curl = requirePeer('curl')

let project: TemporaryProject
let server: ServerProcess

beforeAll(async () => {
  const example = readText('config.example.ts').replaceAll(/port: \d+/g, 'port: 0')
  project = await temporaryProject({ 'mailwright.config.ts': example })
  server = await startServer(project.folder)
})

afterAll(async () => {
  await server?.stop()
  await project?.[Symbol.asyncDispose]()
})

function mailwright(words: readonly string[], stdin = ''): ReturnType<typeof runProcess> {
  return runProcess('node', [`${projectFolder}/core/cli/launch.mjs`, ...words], {
    folder: project.folder,
    stdin,
  })
}

/** Everything in the maildrop, by curl over STLS. */
async function read(user: string, password: string, number = 1): Promise<string> {
  const words = [
    '-sS',
    '-k',
    '--ssl-reqd',
    '--user',
    `${user}:${password}`,
    `pop3://127.0.0.1:${server.port('pop3')}/${number}`,
  ]
  return (await runProcess('curl', words, { folder: project.folder })).stdout
}

async function send(words: readonly string[], port = server.port('transfer')): Promise<string> {
  const { stdout, stderr } = await runProcess('swaks', ['--server', `127.0.0.1:${port}`, ...words], {
    folder: project.folder,
  })
  return stdout + stderr
}

describe.runIf(swaks.available && curl.available)(`a first mail: ${swaks.title}, ${curl.title}`, () => {
  test('the start says what runs where and how to try it, and that works as printed', async () => {
    await expect.poll(() => server.output()).toMatch(/read {2}curl/)
    const printed = server.output()
    expect(printed).toMatch(/transfer\s+127\.0\.0\.1 port \d+/)
    const sendLine = /send {2}swaks (.+)$/m.exec(printed)?.[1] ?? ''
    const readLine = /read {2}curl (.+)$/m.exec(printed)?.[1] ?? ''
    const sent = await runProcess(
      'sh',
      ['-c', `swaks ${sendLine} --from sender@elsewhere.example --header 'Subject: as printed'`],
      { folder: project.folder },
    )
    expect(sent.code).toBe(0)
    const got = await runProcess('sh', ['-c', `curl -sS ${readLine}`], { folder: project.folder })
    expect(got.stdout).toContain('Subject: as printed')
  })

  test('a domain and a user made on the command line while the server runs', async () => {
    expect((await mailwright(['domain', 'add', 'new-user.test', '--if-missing'])).code).toBe(0)
    const added = await mailwright(
      ['user', 'add', 'someone@new-user.test', '--password-stdin'],
      'Secret-word-1',
    )
    expect(added.code).toBe(0)
    const to = ['--from', 'sender@elsewhere.test', '--to', 'someone@new-user.test']
    expect(await send([...to, '--header', 'Subject: in clear'])).toContain('250 2.0.0')
    expect(await send([...to, '--tls', '--header', 'Subject: with TLS'])).toContain('TLS started')
    expect(await read('someone@new-user.test', 'Secret-word-1', 1)).toContain('Subject: in clear')
    expect(await read('someone@new-user.test', 'Secret-word-1', 2)).toMatch(
      /with ESMTPS[\s\S]*Subject: with TLS/,
    )
    expect(await read('someone@new-user.test', 'wrong')).toBe('')
  })

  test('submission with a login', async () => {
    const words = [
      '--from',
      'someone@new-user.test',
      '--to',
      'me@example.test',
      '--tls',
      '--auth-user',
      'someone@new-user.test',
    ]
    const submission = server.port('submission')
    expect(
      await send([...words, '--auth', 'PLAIN', '--auth-password', 'Secret-word-1'], submission),
    ).toContain('250 2.0.0')
    expect(
      await send([...words, '--auth', 'LOGIN', '--auth-password', 'Secret-word-1'], submission),
    ).toContain('250 2.0.0')
    expect(await send([...words, '--auth', 'PLAIN', '--auth-password', 'wrong'], submission)).toContain(
      '535 5.7.8',
    )
  })

  test('the trace of a message tells the whole way', async () => {
    const sent = await send(['--from', 'sender@elsewhere.test', '--to', 'me@example.test'])
    const id = /250 2\.0\.0 .*\b([0-9a-z]{17})\b/.exec(sent)?.[1] ?? ''
    await expect
      .poll(async () => (await mailwright(['trace', id])).stdout, { timeout: 10_000 })
      .toContain('into INBOX')
    const { stdout } = await mailwright(['trace', id])
    for (const fact of [
      'transfer from 127.0.0.1',
      'sender@elsewhere.test',
      'me@example.test',
      'local-delivery/local-address',
    ])
      expect(stdout).toContain(fact)
  })

  test('a session that was refused before DATA can be found too', async () => {
    await send(['--from', 'refused@elsewhere.test', '--to', 'nobody@example.test'])
    await expect
      .poll(async () => (await mailwright(['trace', '--text', 'nobody@example.test'])).stdout, {
        timeout: 30_000,
      })
      .toContain('550 5.1.1')
  })

  test('SIGHUP takes the config again, and sessions go on being served', async () => {
    const reloaded = server.logged('reloaded')
    server.signal('SIGHUP')
    await reloaded
    expect(await send(['--from', 'sender@elsewhere.test', '--to', 'me@example.test'])).toContain('250 2.0.0')
  })
})
