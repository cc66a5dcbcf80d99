import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import certificates from 'mailwright/plugins/certificates'
import { createTestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AcmeServer } from '../../test/support/acme/acme-server.ts'
import { AcmeWorld, logged } from '../../test/support/acme/acme-world.ts'
import { freePort } from '../../test/support/free-port.ts'
import type { TemporaryProject } from '../../test/support/project.ts'
import acme from './index.ts'

const day = 24 * 60 * 60 * 1000

let world: AcmeWorld
let authority: AcmeServer
let project: TemporaryProject

beforeEach(async () => {
  world = await AcmeWorld.begin()
  ;({ authority, project } = world)
})

afterEach(() => world[Symbol.asyncDispose]())

describe('the first order', () => {
  test.each(['http-01', 'tls-alpn-01'] as const)(
    'by %s, while a self-signed one stands in',
    async (challenge) => {
      const host = await world.start({ challenge })
      expect(new X509Certificate((await world.served(host)).chain).subject).toBe('CN=mail.example.org')
      await world.until(logged(host, '"reloaded"'))
      const { chain, key } = await world.served(host, 'imap.example.org')
      expect(new X509Certificate(chain).subjectAltName).toBe('DNS:mx.example.org, DNS:imap.example.org')
      expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
      expect(key).toContain('BEGIN PRIVATE KEY')
      expect(await readdir(join(project.folder, 'data/acme/challenges'))).toEqual([])
      expect(authority.orders.map(({ status }) => status)).toEqual(['valid'])
    },
  )

  test('by way of a web server of somebody else', async () => {
    const webroot = join(project.folder, 'web')
    const { createServer } = await import('node:http')
    const paths: string[] = []
    const web = createServer(async (request, response) => {
      paths.push(request.url ?? '')
      response.end(await readFile(join(webroot, request.url ?? '')))
    }).listen(world.port, '127.0.0.1')
    const host = await createTestHost({
      clock: world.clock,
      dataDir: join(project.folder, 'data'),
      plugins: [
        certificates(),
        acme({
          agreeToTerms: true,
          certificates: [{ names: ['mx.example.org'], keyType: 'rsa-2048' }],
          directory: authority.directory,
          directoryCa: join(project.folder, 'ca.pem'),
          webroot,
        }),
      ],
    })
    world.hosts.push(host)
    await world.until(logged(host, '"reloaded"'))
    web.close()
    expect(paths).toEqual([expect.stringMatching(/^\/\.well-known\/acme-challenge\/[\w-]+$/)])
    expect(await readdir(join(webroot, '.well-known/acme-challenge'))).toEqual([])
    expect(new X509Certificate((await world.served(host)).chain).publicKey.asymmetricKeyType).toBe('rsa')
  })

  test('is kept for its owner only, and enough for the next start', async () => {
    const first = await world.start()
    await world.until(logged(first, '"reloaded"'))
    const issued = await world.served(first)
    const folder = join(project.folder, 'data/acme')
    for (const file of ['certificates/mx.example.org.pem', 'certificates/mx.example.org.json'])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
    await first.stop()
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
    const second = await world.start()
    expect(await world.served(second)).toEqual(issued)
    await world.until(async () =>
      (await readFile(join(folder, 'certificates/mx.example.org.json'), 'utf8')).includes('renewAt'),
    )
    expect(authority.orders).toHaveLength(1)
  })

  test('comes through nonces that the authority does not like, and slow signing', async () => {
    authority.behaviour.badNonces = 3
    authority.behaviour.processing = { times: 3, retryAfter: 2 }
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    expect(authority.issued).toHaveLength(1)
  })

  test('of a customer whom the authority knows', async () => {
    const secret = Buffer.from('a secret of the customer')
    authority.behaviour.externalAccounts = new Map([['customer-7', secret]])
    const host = await world.start()
    await world.until(logged(host, 'externalAccount'))
    await host.stop()
    world.clock.advance(day)
    const known = await world.start({
      contact: ['postmaster@example.org'],
      externalAccount: { keyId: 'customer-7', hmacKey: secret.toString('base64url') },
    })
    await world.until(logged(known, '"reloaded"'))
    expect([...authority.accounts.values()]).toMatchObject([
      { keyId: 'customer-7', contact: ['mailto:postmaster@example.org'] },
    ])
  })
})

describe('the account', () => {
  test('is used again, told of new contacts, and made again where the authority has forgotten it', async () => {
    const first = await world.start({ contact: ['a@example.org'] })
    await world.until(logged(first, '"reloaded"'))
    await first.stop()
    const second = await world.start({ contact: ['b@example.org'] })
    await world.command(second, 'acme renew')
    expect([...authority.accounts.values()]).toMatchObject([{ contact: ['mailto:b@example.org'] }])
    const [before] = authority.accounts.values()
    authority.forgetAccounts()
    expect(await world.command(second, 'acme renew')).toMatchObject({ exitCode: 0 })
    const [after] = authority.accounts.values()
    expect(after?.jwk).toEqual(before?.jwk)
  })

  test('that cannot be read is not overwritten', async () => {
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const folder = join(project.folder, 'data/acme')
    const name = (await readdir(folder)).find((each) => each.startsWith('account-')) ?? ''
    await writeFile(join(folder, name), '{"key":')
    const { json } = await world.command(host, 'acme renew')
    expect(json).toMatchObject([{ problem: expect.stringContaining(`${name} cannot be read; remove it`) }])
    expect(await readFile(join(folder, name), 'utf8')).toBe('{"key":')
  })
})

describe('renewal', () => {
  test('after two thirds of its life', async () => {
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const first = await world.serial(host)
    const from = world.clock.now()
    await world.until(async () => (await world.serial(host)) !== first, day)
    const days = (world.clock.now() - from) / day
    expect(days).toBeGreaterThan(57)
    // The clock goes on while the order does.
    expect(days).toBeLessThan(89)
    // An authority that does not speak of renewals is not told what is replaced.
    expect(authority.orders.map(({ replaces }) => replaces)).toEqual([undefined, undefined])
  })

  test('when the authority suggests it, told what it replaces', async () => {
    const at = (days: number) => new Date(world.clock.now() + days * day).toISOString()
    authority.behaviour.renewalWindow = { start: at(10), end: at(11) }
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const first = await world.serial(host)
    const from = world.clock.now()
    await world.until(async () => (await world.serial(host)) !== first, day)
    const days = (world.clock.now() - from) / day
    expect(days).toBeGreaterThan(9)
    expect(days).toBeLessThan(57)
    expect(authority.orders[1]?.replaces).toMatch(/^[\w-]{20,}\.[\w-]+$/)
    expect(authority.asked).toContain(`/renewal/${authority.orders[1]?.replaces}`)
  })

  test('now, where the window is over: a revocation is coming', async () => {
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const first = await world.serial(host)
    const at = (days: number) => new Date(world.clock.now() + days * day).toISOString()
    authority.behaviour.renewalWindow = {
      start: at(-2),
      end: at(-1),
      explanationURL: 'https://example.org/why',
    }
    await world.until(async () => (await world.serial(host)) !== first, 60_000 * 10)
    expect(logged(host, 'https://example.org/why')()).toBe(true)
  })

  test('by hand, in another process than the server that answers', async () => {
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const first = await world.serial(host)
    expect(await world.command(host, 'acme renew', ['mx.example.org'])).toMatchObject({
      json: [{ name: 'mx.example.org' }],
      exitCode: 0,
    })
    await world.until(async () => (await world.serial(host)) !== first)
    await expect(world.command(host, 'acme renew', ['other.example'])).rejects.toThrow(
      /no certificate begins with/,
    )
  })

  test('at once, where the config wants another name or asks another authority', async () => {
    const first = await world.start()
    await world.until(logged(first, '"reloaded"'))
    await first.stop()
    const names = ['mx.example.org', 'pop.example.org']
    const second = await world.start({ certificates: [{ names }] })
    expect(new X509Certificate((await world.served(second)).chain).subjectAltName).toContain(
      'imap.example.org',
    )
    await world.until(logged(second, '"reloaded"'))
    expect(authority.orders.at(-1)?.names).toEqual(names)
    await second.stop()
    await using other = await AcmeServer.start()
    await project.write('ca.pem', other.authority.certificate)
    other.behaviour.validationPort = world.port
    const third = await world.start({ certificates: [{ names }], directory: other.directory })
    await world.until(logged(third, '"reloaded"'))
    expect(other.orders).toHaveLength(1)
    expect(authority.orders).toHaveLength(2)
  })

  test('of what was damaged on the disk', async () => {
    const first = await world.start()
    await world.until(logged(first, '"reloaded"'))
    await first.stop()
    const pem = join(project.folder, 'data/acme/certificates/mx.example.org.pem')
    await writeFile(pem, (await readFile(pem, 'utf8')).slice(0, 300))
    const second = await world.start()
    expect(new X509Certificate((await world.served(second)).chain).subject).toBe('CN=mail.example.org')
    await world.until(logged(second, '"reloaded"'))
    await rm(pem)
    expect(await world.command(second, 'acme list')).toMatchObject({ json: [{ validTo: undefined }] })
  })
})

test('of several processes one orders, and all serve', async () => {
  const options = { challenge: 'http-01' } as const
  const one = await world.start(options)
  world.port = await freePort()
  const two = await world.start(options)
  await world.until(() => logged(one, '"reloaded"')() && logged(two, '"reloaded"')())
  expect(authority.orders).toHaveLength(1)
  expect(await world.served(one)).toEqual(await world.served(two))
})
