import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AcmeServer } from '../support/acme/acme-server.ts'
import { acmeConfig, shownCertificate, trustedCertificate } from '../support/acme/acme-site.ts'
import { runCommand } from '../support/command-line.ts'
import { freePort } from '../support/free-port.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// A whole server whose certificates come from an authority, in a process of its own.

let authority: AcmeServer
let project: TemporaryProject
let server: ServerProcess | undefined

beforeEach(async () => {
  authority = await AcmeServer.start()
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
  await authority[Symbol.asyncDispose]()
})

async function prepare(challenge: 'http-01' | 'tls-alpn-01'): Promise<void> {
  const port = await freePort()
  authority.behaviour.validationPort = port
  project = await temporaryProject({
    'ca.pem': authority.authority.certificate,
    'mailwright.config.ts': acmeConfig({ directory: authority.directory, challenge, port }),
  })
}

test.each(['http-01', 'tls-alpn-01'] as const)(
  'a first certificate by %s, without a restart',
  async (challenge) => {
    await prepare(challenge)
    server = await startServer(project.folder)
    const port = server.port('imap')
    const ca = authority.authority.certificate
    const after = await trustedCertificate(port, 'imap.example.org', { ca, ALPNProtocols: ['imap'] })
    expect(after.subjectaltname).toBe('DNS:mx.example.org, DNS:imap.example.org')
  },
)

test('a renewal by hand, while the server answers', async () => {
  await prepare('http-01')
  server = await startServer(project.folder)
  const port = server.port('imap')
  const before = await trustedCertificate(port, 'mx.example.org', { ca: authority.authority.certificate })
  const renewed = await runCommand(project.folder, ['acme', 'renew', '--json'])
  expect(renewed).toMatchObject({ exitCode: 0, out: expect.stringContaining('"mx.example.org"') })
  const reloaded = server.logged('reloaded')
  server.signal('SIGHUP')
  await reloaded
  const after = await shownCertificate(port, 'mx.example.org')
  expect(after.certificate.fingerprint256).not.toBe(before.fingerprint256)
  const list = await runCommand(project.folder, ['certificates', 'list'])
  expect(list.out).toMatch(
    /^mx\.example\.org imap\.example\.org\n {2}valid until .*\n {2}issued by CN=Test authority\n {2}from issued\n$/,
  )
  const known = await runCommand(project.folder, ['acme', 'list'])
  expect(known.out).toMatch(/^mx\.example\.org imap\.example\.org\n {2}valid until /)
})

test('a renewal that nobody can answer tells why, and leaves nothing behind', async () => {
  await prepare('http-01')
  const renewed = await runCommand(project.folder, ['acme', 'renew'])
  expect(renewed.exitCode).toBe(1)
  expect(renewed.out).toMatch(/^mx\.example\.org: mx\.example\.org is invalid: .*ECONNREFUSED/)
  const folder = join(project.folder, 'data/acme')
  expect((await readdir(folder)).map((name) => name.replace(/-\w+\.json/, ''))).toEqual([
    'account',
    'certificates',
    'challenges',
  ])
  expect(await readdir(join(folder, 'challenges'))).toEqual([])
})
