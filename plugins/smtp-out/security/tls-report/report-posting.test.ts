import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { systemClock } from 'mailwright'
import { fakeClock, fakeResolver } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestAuthority, type TestAuthority } from '../../../../test/support/acme/acme-ca.ts'
import { isPublicAddress } from './public-address.ts'
import { httpsPosting } from './report-posting.ts'

const resolver = fakeResolver({
  'reports.example.org': { a: ['127.0.0.1'] },
  'dead.example.org': { failure: 'SERVFAIL' },
})
const report = gzipSync('{"report-id":"x"}')

let folder: string
let authorities: string
let authority: TestAuthority
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-posting-'))
  authority = await createTestAuthority()
  authorities = join(folder, 'authorities.pem')
  await writeFile(authorities, authority.certificate)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

interface Posted {
  readonly request: IncomingMessage
  readonly body: Buffer
}

async function serve(
  answer: RequestListener,
  name = 'reports.example.org',
): Promise<{ readonly url: string; readonly posted: Posted[] }> {
  const posted: Posted[] = []
  const server = createServer(await authority.serverKeys(name), async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    posted.push({ request, body: Buffer.concat(chunks) })
    answer(request, response)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return { url: `https://reports.example.org:${(server.address() as AddressInfo).port}/in?for=us`, posted }
}

const status =
  (code: number): RequestListener =>
  (_, response) =>
    void response.writeHead(code, { location: '/elsewhere' }).end()
const posting = (clock = systemClock) => httpsPosting({ resolver, clock, authorities, mayReach: () => true })

describe('a report', () => {
  test.each([200, 201, 202, 204])('is posted as it is, and taken with %d', async (code) => {
    const { url, posted } = await serve(status(code))
    expect(await posting()(url, report)).toBeUndefined()
    const [{ request, body }] = posted as [Posted]
    expect(`${request.method} ${request.url}`).toBe('POST /in?for=us')
    expect(request.headers).toMatchObject({
      'content-type': 'application/tlsrpt+gzip',
      'content-length': String(report.length),
    })
    expect(gunzipSync(body).toString()).toBe('{"report-id":"x"}')
    expect(posted).toHaveLength(1)
  })

  test.each([302, 400, 413, 500])('is not taken with %d, and goes nowhere else', async (code) => {
    const { url, posted } = await serve(status(code))
    expect(await posting()(url, report)).toBe(`the host answers ${code}`)
    expect(posted).toHaveLength(1)
  })

  test('is taken by a host that says much', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200)
      response.write('x'.repeat(10_000_000))
    })
    expect(await posting()(url, report)).toBeUndefined()
  })

  test('is not shown to a host that does not prove itself', async () => {
    const elsewhere = await serve(status(200), 'other.example.org')
    expect(await posting()(elsewhere.url, report)).toMatch(/altname|Host/)
    const unknown = await serve(status(200))
    const suspicious = httpsPosting({
      resolver,
      clock: systemClock,
      authorities: undefined,
      mayReach: () => true,
    })
    expect(await suspicious(unknown.url, report)).toMatch(/certificate/)
    expect([...elsewhere.posted, ...unknown.posted]).toEqual([])
  })

  test('is not sent to this machine and its neighbours', async () => {
    const { url, posted } = await serve(status(200))
    const careful = httpsPosting({ resolver, clock: systemClock, authorities })
    expect(await careful(url, report)).toMatch(/has no address, or none that may be asked/)
    expect(posted).toEqual([])
  })

  test('does not wait without end', async () => {
    const clock = fakeClock()
    const { url, posted } = await serve(() => undefined)
    const late = posting(clock)(url, report)
    await vi.waitFor(() => expect(posted).toHaveLength(1))
    clock.advance(60_000)
    expect(await late).toBe('it takes too long')
    const end = new AbortController()
    const ended = posting(clock)(url, report, end.signal)
    await vi.waitFor(() => expect(posted).toHaveLength(2))
    end.abort(new Error('the server ends'))
    expect(await ended).toBe('the server ends')
    expect(clock.waiting).toBe(0)
  })

  test.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://user:password@reports.example.org/',
    'https://',
    'https://:443/',
    'HTTP://reports.example.org/',
  ])('does not go to %s', async (url) => {
    expect(await posting()(url, report)).toBe('it is no URL with the name of a host')
  })

  test.each(['https://dead.example.org/', 'https://nobody.example.org/', 'https://reports.example.org:1/'])(
    'does not get to %s',
    async (url) => {
      expect(await posting()(url, report)).toMatch(/\w/)
    },
  )

  test('is not sent where the authorities cannot be read', async () => {
    const { url, posted } = await serve(status(200))
    const blind = httpsPosting({ resolver, clock: systemClock, authorities: join(folder, 'nothing.pem') })
    expect(await blind(url, report)).toMatch(/ENOENT/)
    expect(posted).toEqual([])
  })
})

test.each([
  ['192.0.32.1', true],
  ['2a00:1450::1', true],
  ['10.1.2.3', false],
  ['169.254.169.254', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:a00:1', false],
  ['fe80::1', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})
