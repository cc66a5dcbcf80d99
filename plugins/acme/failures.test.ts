import { X509Certificate } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestHost, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { AcmeServer } from '../../test/support/acme/acme-server.ts'
import { AcmeWorld, logged } from '../../test/support/acme/acme-world.ts'
import { OpensslCertificates } from '../../test/support/acme/openssl-certificates.ts'
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

describe('what fails', () => {
  test('a challenge: with its reason, and later each time', async () => {
    authority.behaviour.validationPort = await freePort()
    const host = await world.start()
    const failed = () => host.log.lines.filter((line) => JSON.stringify(line).includes('not issued'))
    await world.until(() => failed().length === 1)
    expect(JSON.stringify(failed())).toMatch(
      /mx\.example\.org is invalid: unauthorized: 127\.0\.0\.1: connect/,
    )
    const firstAt = world.clock.now()
    await world.until(() => failed().length === 2)
    const secondAt = world.clock.now()
    expect(secondAt - firstAt).toBeGreaterThan(3 * 60_000)
    await world.until(() => failed().length === 3)
    expect(world.clock.now() - secondAt).toBeGreaterThan(6 * 60_000)
    const { text } = await world.command(host, 'acme list')
    expect(text).toMatch(
      /^mx\.example\.org imap\.example\.org\n {2}none yet\n {2}failed: mx\.example\.org is invalid/,
    )
    authority.behaviour.validationPort = world.port
    await world.until(logged(host, '"reloaded"'), 60_000)
  })

  test('too many orders: not before the authority says so, not even after a restart', async () => {
    authority.behaviour.rateLimit = 36 * 60 * 60
    const host = await world.start()
    await world.until(logged(host, 'rateLimited: too many certificates'))
    const from = world.clock.now()
    await host.stop()
    authority.behaviour.rateLimit = 0
    const next = await world.start()
    await world.until(logged(next, '"reloaded"'), 60 * 60_000)
    expect(world.clock.now() - from).toBeGreaterThan(36 * 60 * 60 * 1000)
  })

  test('while the clock is ahead: not for so long', async () => {
    world.clock = fakeClock(Date.now() + 400 * day)
    authority.behaviour.rateLimit = 60
    const host = await world.start()
    await world.until(logged(host, 'rateLimited'))
    await host.stop()
    authority.behaviour.rateLimit = 0
    world.clock = fakeClock(Date.now())
    const next = await world.start()
    await world.until(logged(next, '"reloaded"'))
    expect(world.clock.now()).toBeLessThan(Date.now() + day)
  })

  test('of another config: what holds for that one is told at the start, and no longer holds after a change', async () => {
    authority.behaviour.rateLimit = 7 * 24 * 60 * 60
    const host = await world.start()
    await world.until(logged(host, 'rateLimited'))
    await host.stop()
    authority.behaviour.rateLimit = 0
    const same = await world.start()
    await world.until(logged(same, 'not issued before; tried again at'))
    expect(same.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', error: expect.stringContaining('rateLimited') }),
    )
    await same.stop()
    const other = await world.start({ certificates: [{ names: ['mx.example.org'] }] })
    await world.until(logged(other, '"reloaded"'))
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
    const host = await world.start()
    await world.until(logged(host, problem))
    expect(new X509Certificate((await world.served(host)).chain).subject).toBe('CN=mail.example.org')
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
    const certificates = new OpensslCertificates()
    onTestFinished(() => certificates.remove())
    const another = certificates.make({ subject: 'another authority', isAuthority: true })
    const host = await world.start({ directoryCa: another.file })
    await world.until(logged(host, 'does not answer'))
    expect(authority.asked).toEqual([])
  })

  test('a stop in the middle of an order ends it', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await world.start()
    await world.until(() => authority.orders.some(({ status }) => status === 'processing'))
    await host.stop()
    expect(host.log.lines.filter((line) => JSON.stringify(line).includes('not issued'))).toEqual([])
    authority.behaviour.processing = { times: 0 }
    const next = await world.start()
    await world.until(logged(next, '"reloaded"'))
  })

  test('an authority that says "at once" is not asked without a pause', async () => {
    authority.behaviour.processing = { times: 1_000, retryAfter: 0 }
    await world.start()
    await world.until(() => authority.orders.some(({ status }) => status === 'processing'))
    const [from, asked] = [world.clock.now(), authority.asked.length]
    await world.until(() => world.clock.now() - from >= 60_000)
    expect(authority.asked.length - asked).toBeLessThan(20)
  })

  test('an order that is signed later than anybody waits: it is taken up, after a restart too', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await world.start()
    await world.until(logged(host, 'the order stays processing'))
    await host.stop()
    authority.behaviour.processing = { times: 0 }
    const next = await world.start()
    await world.until(logged(next, '"reloaded"'), 10_000)
    expect(authority.orders).toHaveLength(1)
    const files = await readdir(join(project.folder, 'data/acme/certificates'))
    expect(files.toSorted()).toEqual(['mx.example.org.json', 'mx.example.org.pem'])
  })

  test.each([
    [503, 1],
    [429, 1],
    [404, 2],
  ])('a certificate that is signed and answered with %i: %i orders in the end', async (status, orders) => {
    authority.behaviour.instead = (path) =>
      path.startsWith('/certificate/') ? { status, text: '' } : undefined
    const host = await world.start()
    await world.until(logged(host, `answers ${status}`))
    authority.behaviour.instead = undefined
    await world.until(logged(host, '"reloaded"'), 10_000)
    expect(authority.orders).toHaveLength(orders)
  })

  test('an order that was begun, and that the authority has lost: there is a new one', async () => {
    authority.behaviour.processing = { times: 1_000 }
    const host = await world.start()
    await world.until(() => authority.orders.some(({ status }) => status === 'processing'))
    await host.stop()
    authority.behaviour.processing = { times: 0 }
    authority.behaviour.instead = (path) => (path === '/order/0' ? { status: 404, text: '' } : undefined)
    const next = await world.start()
    await world.until(logged(next, '"reloaded"'))
    expect(authority.orders).toHaveLength(2)
  })

  test('a new order that is valid already, with a key that nobody here has', async () => {
    const valid = JSON.stringify({ status: 'valid' })
    const headers = { 'content-type': 'application/json' }
    authority.behaviour.instead = (path) =>
      path === '/order/0' ? { status: 200, text: valid, headers } : undefined
    const host = await world.start()
    await world.until(logged(host, 'the authority calls a new order valid'))
    expect(authority.asked.filter((path) => path.startsWith('/finalize/'))).toEqual([])
  })

  test('a record that cannot be read: the server starts, tells it, and looks after the others', async () => {
    const folder = join(project.folder, 'data/acme/certificates')
    await mkdir(join(folder, 'mx.example.org.json'), { recursive: true })
    await writeFile(
      join(folder, 'imap.example.org.json'),
      '{"failures":"many","retryAt":"soon","renewAt":1e300}',
    )
    const certificates = ['mx.example.org', 'imap.example.org'].map((name) => ({ names: [name] }))
    const host = await world.start({ certificates })
    expect(await world.command(host, 'acme list').catch(String)).toMatch(
      /mx\.example\.org\.json cannot be read/,
    )
    await world.until(logged(host, '"reloaded"'))
    expect(logged(host, 'mx.example.org.json cannot be read')()).toBe(true)
    expect(authority.orders.map(({ names }) => names)).toEqual([['imap.example.org']])
  })

  test.each(['pem', 'order'])('a .%s that cannot be read holds up no other', async (suffix) => {
    const folder = join(project.folder, 'data/acme/certificates')
    await mkdir(join(folder, `mx.example.org.${suffix}`), { recursive: true })
    const certificates = ['mx.example.org', 'imap.example.org'].map((name) => ({ names: [name] }))
    const host = await world.start({ certificates })
    await world.until(logged(host, '"reloaded"'))
    await world.until(logged(host, `mx.example.org.${suffix} cannot be read`))
    expect(authority.orders.map(({ names }) => names)).toEqual([['imap.example.org']])
    const failed = host.log.lines.filter((line) => JSON.stringify(line).includes('not issued'))
    expect(failed.map(({ names }) => names)).toEqual(suffix === 'order' ? [['mx.example.org']] : [])
    await rm(join(folder, `mx.example.org.${suffix}`), { recursive: true })
    await world.until(() => authority.orders.length === 2)
  })

  test('a certificate that can no longer be read is served as it was', async () => {
    const folder = join(project.folder, 'data/acme/certificates')
    const host = await world.start()
    await world.until(logged(host, '"reloaded"'))
    const serial = await world.serial(host)
    await rm(join(folder, 'mx.example.org.pem'))
    await mkdir(join(folder, 'mx.example.org.pem'))
    await world.until(logged(host, 'mx.example.org.pem cannot be read'))
    expect(await world.serial(host)).toBe(serial)
    expect(authority.orders).toHaveLength(1)
  })

  test('acme renew: files that cannot be read keep no other from being ordered', async () => {
    const certificates = ['mx.example.org', 'imap.example.org'].map((name) => ({ names: [name] }))
    const host = await world.start({ certificates })
    await world.until(() => authority.orders.filter(({ status }) => status === 'valid').length === 2)
    await world.until(async () =>
      (await readdir(join(project.folder, 'data/acme'))).every((name) => name !== 'lock'),
    )
    const record = join(project.folder, 'data/acme/certificates/mx.example.org.json')
    await rm(record)
    await mkdir(record)
    const { text, exitCode } = await world.command(host, 'acme renew')
    expect(text).toMatch(/^mx\.example\.org: .*cannot be read.*\nimap\.example\.org: issued$/)
    expect(exitCode).toBe(1)
    expect(authority.orders.map(({ names }) => names[0])).toEqual([
      'mx.example.org',
      'imap.example.org',
      'imap.example.org',
    ])
  })

  test('nobody serves what is issued', async () => {
    const options = { agreeToTerms: true, certificates: [{ names: ['a.example'] }] }
    await expect(createTestHost({ plugins: [acme(options)] })).rejects.toMatchObject({
      cause: { message: 'nobody serves the certificates: add the plugin `certificates`' },
    })
  })
})
