import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, type CommandOutput, certificates as certificatesKey } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AcmeServer } from '../../test/support/acme-server.ts'
import { freePort } from '../../test/support/free-port.ts'
import { type TemporaryProject, temporaryProject } from '../../test/support/project.ts'
import acme, { type AcmeInput } from './index.ts'

const day = 24 * 60 * 60 * 1000

let authority: AcmeServer
let project: TemporaryProject
let clock: FakeClock
let hosts: TestHost[] = []
let port: number

beforeEach(async () => {
  authority = await AcmeServer.start()
  project = await temporaryProject({ 'ca.pem': authority.authority.certificate })
  port = await freePort()
  authority.behaviour.validationPort = port
  clock = fakeClock(Date.now())
  authority.behaviour.validity = () => ({ from: clock.now() - 60_000, to: clock.now() + 90 * day })
})

afterEach(async () => {
  for (const host of hosts) await host.stop()
  hosts = []
  await authority[Symbol.asyncDispose]()
  await project[Symbol.asyncDispose]()
})

/** A server with the plugin, serving. Its clock stands still until `until` moves it. */
async function start(options: Partial<AcmeInput> = {}): Promise<TestHost> {
  const host = await createTestHost({
    clock,
    sockets: true,
    dataDir: join(project.folder, 'data'),
    plugins: [
      certificates(),
      acme({
        agreeToTerms: true,
        certificates: [{ names: ['mx.example.org', 'imap.example.org'] }],
        directory: authority.directory,
        directoryCa: join(project.folder, 'ca.pem'),
        host: '127.0.0.1',
        port,
        ...options,
      }),
    ],
  })
  hosts.push(host)
  return host
}

/** Lets time pass until something is so: in small steps while the authority is at work, whose clock is a real one. */
async function until(isSo: () => boolean | Promise<boolean>, step = 1_000): Promise<void> {
  for (let round = 0, asked = 0; round < 2_000; round++) {
    if (await isSo()) return
    const isAtWork = authority.isBusy || authority.asked.length !== asked
    asked = authority.asked.length
    clock.advance(isAtWork ? 250 : step)
    await new Promise((resolve) => setTimeout(resolve, step > 1_000 ? 30 : 5))
  }
  throw new Error('that never happened')
}

function logged(host: TestHost, text: string): () => boolean {
  return () => host.log.lines.some((line) => JSON.stringify(line).includes(text))
}

function served(host: TestHost, name?: string): Promise<Certificate> {
  return host.service(certificatesKey).forName(name)
}

async function serial(host: TestHost): Promise<string> {
  return new X509Certificate((await served(host)).chain).serialNumber
}

/** Runs a command of the plugins while time passes. */
async function command(host: TestHost, name: string, words: readonly string[] = []): Promise<CommandOutput> {
  const found = host.host.commands.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  let done = false
  const running = found.run({ arguments: words, options: {} }).finally(() => {
    done = true
  })
  running.catch(() => undefined)
  await until(() => done, 250)
  return running
}

describe('the first order', () => {
  test.each(['http-01', 'tls-alpn-01'] as const)(
    'by %s, while a self-signed one stands in',
    async (challenge) => {
      const host = await start({ challenge })
      expect(new X509Certificate((await served(host)).chain).subject).toBe('CN=mail.example.org')
      await until(logged(host, '"reloaded"'))
      const { chain, key } = await served(host, 'imap.example.org')
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
    }).listen(port, '127.0.0.1')
    const host = await createTestHost({
      clock,
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
    hosts.push(host)
    await until(logged(host, '"reloaded"'))
    web.close()
    expect(paths).toEqual([expect.stringMatching(/^\/\.well-known\/acme-challenge\/[\w-]+$/)])
    expect(await readdir(join(webroot, '.well-known/acme-challenge'))).toEqual([])
    expect(new X509Certificate((await served(host)).chain).publicKey.asymmetricKeyType).toBe('rsa')
  })

  test('is kept for its owner only, and enough for the next start', async () => {
    const first = await start()
    await until(logged(first, '"reloaded"'))
    const issued = await served(first)
    const folder = join(project.folder, 'data/acme')
    for (const file of ['certificates/mx.example.org.pem', 'certificates/mx.example.org.json'])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
    await first.stop()
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
    const second = await start()
    expect(await served(second)).toEqual(issued)
    await until(async () =>
      (await readFile(join(folder, 'certificates/mx.example.org.json'), 'utf8')).includes('renewAt'),
    )
    expect(authority.orders).toHaveLength(1)
  })

  test('comes through nonces that the authority does not like, and slow signing', async () => {
    authority.behaviour.badNonces = 3
    authority.behaviour.processing = { times: 3, retryAfter: 2 }
    const host = await start()
    await until(logged(host, '"reloaded"'))
    expect(authority.issued).toHaveLength(1)
  })

  test('of a customer whom the authority knows', async () => {
    const secret = Buffer.from('a secret of the customer')
    authority.behaviour.externalAccounts = new Map([['customer-7', secret]])
    const host = await start()
    await until(logged(host, 'externalAccount'))
    await host.stop()
    clock.advance(day)
    const known = await start({
      contact: ['postmaster@example.org'],
      externalAccount: { keyId: 'customer-7', hmacKey: secret.toString('base64url') },
    })
    await until(logged(known, '"reloaded"'))
    expect([...authority.accounts.values()]).toMatchObject([
      { keyId: 'customer-7', contact: ['mailto:postmaster@example.org'] },
    ])
  })
})

describe('the account', () => {
  test('is used again, told of new contacts, and made again where the authority has forgotten it', async () => {
    const first = await start({ contact: ['a@example.org'] })
    await until(logged(first, '"reloaded"'))
    await first.stop()
    const second = await start({ contact: ['b@example.org'] })
    await command(second, 'acme renew')
    expect([...authority.accounts.values()]).toMatchObject([{ contact: ['mailto:b@example.org'] }])
    const [before] = authority.accounts.values()
    authority.forgetAccounts()
    expect(await command(second, 'acme renew')).toMatchObject({ exitCode: 0 })
    const [after] = authority.accounts.values()
    expect(after?.jwk).toEqual(before?.jwk)
  })

  test('that cannot be read is not overwritten', async () => {
    const host = await start()
    await until(logged(host, '"reloaded"'))
    const folder = join(project.folder, 'data/acme')
    const name = (await readdir(folder)).find((each) => each.startsWith('account-')) ?? ''
    await writeFile(join(folder, name), '{"key":')
    const { json } = await command(host, 'acme renew')
    expect(json).toMatchObject([{ problem: expect.stringContaining(`${name} cannot be read; remove it`) }])
    expect(await readFile(join(folder, name), 'utf8')).toBe('{"key":')
  })
})

describe('what fails', () => {
  test('a challenge: with its reason, and later each time', async () => {
    authority.behaviour.validationPort = await freePort()
    const host = await start()
    const failed = () => host.log.lines.filter((line) => JSON.stringify(line).includes('not issued'))
    await until(() => failed().length === 1)
    expect(JSON.stringify(failed())).toMatch(
      /mx\.example\.org is invalid: unauthorized: 127\.0\.0\.1: connect/,
    )
    const firstAt = clock.now()
    await until(() => failed().length === 2)
    const secondAt = clock.now()
    expect(secondAt - firstAt).toBeGreaterThan(3 * 60_000)
    await until(() => failed().length === 3)
    expect(clock.now() - secondAt).toBeGreaterThan(6 * 60_000)
    const { text } = await command(host, 'acme list')
    expect(text).toMatch(
      /^mx\.example\.org imap\.example\.org\n {2}none yet\n {2}failed: mx\.example\.org is invalid/,
    )
    authority.behaviour.validationPort = port
    await until(logged(host, '"reloaded"'), 60_000)
  })

  test('too many orders: not before the authority says so, not even after a restart', async () => {
    authority.behaviour.rateLimit = 36 * 60 * 60
    const host = await start()
    await until(logged(host, 'rateLimited: too many certificates'))
    const from = clock.now()
    await host.stop()
    authority.behaviour.rateLimit = 0
    const next = await start()
    await until(logged(next, '"reloaded"'), 60 * 60_000)
    expect(clock.now() - from).toBeGreaterThan(36 * 60 * 60 * 1000)
  })

  test('while the clock is ahead: not for so long', async () => {
    clock = fakeClock(Date.now() + 400 * day)
    authority.behaviour.rateLimit = 60
    const host = await start()
    await until(logged(host, 'rateLimited'))
    await host.stop()
    authority.behaviour.rateLimit = 0
    clock = fakeClock(Date.now())
    const next = await start()
    await until(logged(next, '"reloaded"'))
    expect(clock.now()).toBeLessThan(Date.now() + day)
  })

  test('of another config: what holds for that one is told at the start, and no longer holds after a change', async () => {
    authority.behaviour.rateLimit = 7 * 24 * 60 * 60
    const host = await start()
    await until(logged(host, 'rateLimited'))
    await host.stop()
    authority.behaviour.rateLimit = 0
    const same = await start()
    await until(logged(same, 'not issued before; tried again at'))
    expect(same.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', error: expect.stringContaining('rateLimited') }),
    )
    await same.stop()
    const other = await start({ certificates: [{ names: ['mx.example.org'] }] })
    await until(logged(other, '"reloaded"'))
    expect(authority.orders.map(({ names }) => names)).toEqual([['mx.example.org']])
  })

  test.each([
    [
      'no challenge of ours',
      () => {
        authority.behaviour.offers = ['dns-01']
      },
      'the authority offers no http-01 for mx.example.org',
    ],
    [
      'a certificate that has expired',
      () => {
        authority.behaviour.validity = () => ({ from: 0, to: 1_000 })
      },
      'a certificate that has expired',
    ],
    ['another one of its', () => inTheEnd(authority.authority.certificate), 'a certificate of another key'],
    ['nonsense', () => inTheEnd('nonsense'), 'something that is no certificate'],
    ['no directory', () => answers(200, '{}'), 'has no URL \\"newNonce\\"'],
    [
      'addresses in clear',
      () => answers(200, '{"newNonce":"http://localhost/"}'),
      'has no URL \\"newNonce\\"',
    ],
    ['HTML', () => answers(503, '<html>'), 'answers 503: and gives no reason'],
    ['far too much', () => answers(200, 'x'.repeat(300_000)), 'more than 262144 octets'],
    ['elsewhere', () => answers(302, '', { location: 'https://127.0.0.1:1/' }), 'answers 302'],
  ])('the authority answers with %s', async (_what, behave, problem) => {
    behave()
    const host = await start()
    await until(logged(host, problem))
    expect(new X509Certificate((await served(host)).chain).subject).toBe('CN=mail.example.org')
  })

  function answers(status: number, text: string, headers: Record<string, string> = {}): void {
    const json = { 'content-type': 'application/json', ...headers }
    authority.behaviour.instead = () => ({ status, text, headers: json })
  }

  function inTheEnd(text: string): void {
    authority.behaviour.instead = (path) =>
      path.startsWith('/certificate/') ? { status: 200, text } : undefined
  }

  test('an authority whose own certificate nobody knows', async () => {
    const host = await start({ directoryCa: join(import.meta.dirname, '../../LICENSE') })
    await until(logged(host, 'does not answer'))
    expect(authority.asked).toEqual([])
  })

  test('a stop in the middle of an order ends it', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await start()
    await until(() => authority.orders.some(({ status }) => status === 'processing'))
    await host.stop()
    expect(host.log.lines.filter((line) => JSON.stringify(line).includes('not issued'))).toEqual([])
    authority.behaviour.processing = { times: 0 }
    const next = await start()
    await until(logged(next, '"reloaded"'))
  })

  test('an authority that says "at once" is not asked without a pause', async () => {
    authority.behaviour.processing = { times: 1_000, retryAfter: 0 }
    await start()
    await until(() => authority.orders.some(({ status }) => status === 'processing'))
    const [from, asked] = [clock.now(), authority.asked.length]
    await until(() => clock.now() - from >= 60_000)
    expect(authority.asked.length - asked).toBeLessThan(20)
  })

  test('an order that is signed later than anybody waits: it is taken up, after a restart too', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await start()
    await until(logged(host, 'the order stays processing'))
    await host.stop()
    authority.behaviour.processing = { times: 0 }
    const next = await start()
    await until(logged(next, '"reloaded"'), 10_000)
    expect(authority.orders).toHaveLength(1)
    const files = await readdir(join(project.folder, 'data/acme/certificates'))
    expect(files.toSorted()).toEqual(['mx.example.org.json', 'mx.example.org.pem'])
  })

  test('an order that was begun, and that the authority has lost: there is a new one', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await start()
    await until(() => authority.orders.some(({ status }) => status === 'processing'))
    await host.stop()
    authority.behaviour.processing = { times: 0 }
    authority.behaviour.instead = (path) => (path === '/order/0' ? { status: 404, text: '' } : undefined)
    const next = await start()
    await until(logged(next, '"reloaded"'))
    expect(authority.orders).toHaveLength(2)
  })

  test('a new order that is valid already, with a key that nobody here has', async () => {
    const valid = JSON.stringify({ status: 'valid' })
    const headers = { 'content-type': 'application/json' }
    authority.behaviour.instead = (path) =>
      path === '/order/0' ? { status: 200, text: valid, headers } : undefined
    const host = await start()
    await until(logged(host, 'the authority calls a new order valid'))
    expect(authority.asked.filter((path) => path.startsWith('/finalize/'))).toEqual([])
  })

  test('nobody serves what is issued', async () => {
    const options = { agreeToTerms: true, certificates: [{ names: ['a.example'] }] }
    await expect(createTestHost({ plugins: [acme(options)] })).rejects.toMatchObject({
      cause: { message: 'nobody serves the certificates: add the plugin `certificates`' },
    })
  })
})

describe('renewal', () => {
  test('after two thirds of its life', async () => {
    const host = await start()
    await until(logged(host, '"reloaded"'))
    const first = await serial(host)
    const from = clock.now()
    await until(async () => (await serial(host)) !== first, day)
    const days = (clock.now() - from) / day
    expect(days).toBeGreaterThan(57)
    // The clock goes on while the order does.
    expect(days).toBeLessThan(89)
    // An authority that does not speak of renewals is not told what is replaced.
    expect(authority.orders.map(({ replaces }) => replaces)).toEqual([undefined, undefined])
  })

  test('when the authority suggests it, told what it replaces', async () => {
    const at = (days: number) => new Date(clock.now() + days * day).toISOString()
    authority.behaviour.renewalWindow = { start: at(10), end: at(11) }
    const host = await start()
    await until(logged(host, '"reloaded"'))
    const first = await serial(host)
    const from = clock.now()
    await until(async () => (await serial(host)) !== first, day)
    const days = (clock.now() - from) / day
    expect(days).toBeGreaterThan(9)
    expect(days).toBeLessThan(57)
    expect(authority.orders[1]?.replaces).toMatch(/^[\w-]{20,}\.[\w-]+$/)
    expect(authority.asked).toContain(`/renewal/${authority.orders[1]?.replaces}`)
  })

  test('now, where the window is over: a revocation is coming', async () => {
    const host = await start()
    await until(logged(host, '"reloaded"'))
    const first = await serial(host)
    const at = (days: number) => new Date(clock.now() + days * day).toISOString()
    authority.behaviour.renewalWindow = {
      start: at(-2),
      end: at(-1),
      explanationURL: 'https://example.org/why',
    }
    await until(async () => (await serial(host)) !== first, 60_000 * 10)
    expect(logged(host, 'https://example.org/why')()).toBe(true)
  })

  test('by hand, in another process than the server that answers', async () => {
    const host = await start()
    await until(logged(host, '"reloaded"'))
    const first = await serial(host)
    expect(await command(host, 'acme renew', ['mx.example.org'])).toMatchObject({
      json: [{ name: 'mx.example.org' }],
      exitCode: 0,
    })
    await until(async () => (await serial(host)) !== first)
    await expect(command(host, 'acme renew', ['other.example'])).rejects.toThrow(/no certificate begins with/)
  })

  test('at once, where the config wants another name or asks another authority', async () => {
    const first = await start()
    await until(logged(first, '"reloaded"'))
    await first.stop()
    const names = ['mx.example.org', 'pop.example.org']
    const second = await start({ certificates: [{ names }] })
    expect(new X509Certificate((await served(second)).chain).subjectAltName).toContain('imap.example.org')
    await until(logged(second, '"reloaded"'))
    expect(authority.orders.at(-1)?.names).toEqual(names)
    await second.stop()
    await using other = await AcmeServer.start()
    await project.write('ca.pem', other.authority.certificate)
    other.behaviour.validationPort = port
    const third = await start({ certificates: [{ names }], directory: other.directory })
    await until(logged(third, '"reloaded"'))
    expect(other.orders).toHaveLength(1)
    expect(authority.orders).toHaveLength(2)
  })

  test('of what was damaged on the disk', async () => {
    const first = await start()
    await until(logged(first, '"reloaded"'))
    await first.stop()
    const pem = join(project.folder, 'data/acme/certificates/mx.example.org.pem')
    await writeFile(pem, (await readFile(pem, 'utf8')).slice(0, 300))
    const second = await start()
    expect(new X509Certificate((await served(second)).chain).subject).toBe('CN=mail.example.org')
    await until(logged(second, '"reloaded"'))
    await rm(pem)
    expect(await command(second, 'acme list')).toMatchObject({ json: [{ validTo: undefined }] })
  })
})

test('of several processes one orders, and all serve', async () => {
  const options = { challenge: 'http-01' } as const
  const one = await start(options)
  port = await freePort()
  const two = await start(options)
  await until(() => logged(one, '"reloaded"')() && logged(two, '"reloaded"')())
  expect(authority.orders).toHaveLength(1)
  expect(await served(one)).toEqual(await served(two))
})
