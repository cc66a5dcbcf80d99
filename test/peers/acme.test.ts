import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:https'
import type { PeerCertificate } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { acmeConfig, trustedCertificate } from '../support/acme/acme-site.ts'
import { runCommand } from '../support/command-line.ts'
import { freePort } from '../support/free-port.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// The authority that Let's Encrypt gives to the makers of clients: stricter than it, with nonces refused at random.

const peer = requirePeer('pebble')

interface Ports {
  readonly acme: number
  readonly management: number
  readonly dns: number
  readonly challenge: number
}

let ports: Ports
let project: TemporaryProject
let children: ChildProcess[] = []
let server: ServerProcess | undefined
let ca: string

beforeEach(async () => {
  const [acme, management, dns, challenge, names] = await Promise.all([1, 2, 3, 4, 5].map(freePort))
  ports = { acme: acme ?? 0, management: management ?? 0, dns: dns ?? 0, challenge: challenge ?? 0 }
  const authority = await createTestAuthority()
  const keys = await authority.serverKeys('localhost')
  ca = authority.certificate
  project = await temporaryProject({ 'ca.pem': ca, 'pebble.key': keys.key, 'pebble.pem': keys.cert })
  await project.write('pebble.json', pebbleConfig(ports, project.folder))
  run('pebble-challtestsrv', [
    ...['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${names}`],
    ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
  ])
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  for (const child of children) child.kill()
  children = []
  await project[Symbol.asyncDispose]()
})

function run(program: string, words: readonly string[], env: Record<string, string> = {}): void {
  children.push(spawn(program, words, { stdio: 'ignore', env: { ...process.env, ...env } }))
}

/** Starts it, and waits until it answers. */
async function startPebble(env: Record<string, string> = {}): Promise<void> {
  const words = [
    '-config',
    `${project.folder}/pebble.json`,
    '-strict',
    '-dnsserver',
    `127.0.0.1:${ports.dns}`,
  ]
  run('pebble', words, { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '30', ...env })
  await expect.poll(() => get(ports.acme, '/dir').catch(() => ''), { timeout: 30_000 }).toContain('newOrder')
}

function pebbleConfig(
  { acme, management, challenge }: Ports,
  folder: string,
  externalAccount = false,
): string {
  return JSON.stringify({
    pebble: {
      listenAddress: `127.0.0.1:${acme}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: `${folder}/pebble.pem`,
      privateKey: `${folder}/pebble.key`,
      httpPort: challenge,
      tlsPort: challenge,
      externalAccountBindingRequired: externalAccount,
      ...(externalAccount ? { externalAccountMACKeys: { 'kid-1': secret } } : {}),
    },
  })
}

const secret = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ca }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
      resolve(text)
    })
    asked.on('error', reject)
    asked.end()
  })
}

function config(challenge: 'http-01' | 'tls-alpn-01'): string {
  return acmeConfig({ directory: `https://127.0.0.1:${ports.acme}/dir`, challenge, port: ports.challenge })
}

/** The certificate that the server shows, once it is pebble's. */
async function issued(): Promise<PeerCertificate> {
  const root = await get(ports.management, '/roots/0')
  return trustedCertificate(server?.port('imap') ?? 0, 'imap.example.org', { ca: root })
}

describe.runIf(peer.available)(peer.title, () => {
  test.each(['http-01', 'tls-alpn-01'] as const)('gives out a certificate by %s', async (challenge) => {
    await startPebble()
    await project.write('mailwright.config.ts', config(challenge))
    server = await startServer(project.folder)
    expect((await issued()).subjectaltname).toBe('DNS:mx.example.org, DNS:imap.example.org')
    expect(await runCommand(project.folder, ['acme', 'renew'])).toMatchObject({
      exitCode: 0,
      out: 'mx.example.org: issued\n',
    })
  })

  test('says why it does not', async () => {
    await startPebble({ PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' })
    await project.write('mailwright.config.ts', config('http-01'))
    const { exitCode, out } = await runCommand(project.folder, ['acme', 'renew'])
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^mx\.example\.org: \S+ is invalid: connection: .*connection refused/)
  })

  test('serves customers whom it knows', async () => {
    await project.write('pebble.json', pebbleConfig(ports, project.folder, true))
    await startPebble()
    const known = `externalAccount: { keyId: 'kid-1', hmacKey: '${secret}' }, agreeToTerms`
    await project.write('mailwright.config.ts', config('http-01').replace('agreeToTerms', known))
    server = await startServer(project.folder)
    await issued()
    await server.stop()
    await project.write('mailwright.config.ts', config('http-01').replace("'data'", "'other'"))
    const { out } = await runCommand(project.folder, ['acme', 'renew'])
    expect(out).toMatch(/`externalAccount` is missing/)
  })
})
