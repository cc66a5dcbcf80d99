import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { errorCode, systemClock } from 'mailwright'
import { fakeClock, fakeResolver } from 'mailwright/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { OpensslCertificates } from '../../../../test/support/acme/openssl-certificates.ts'
import { requirePeer } from '../../../../test/support/peers/peers.ts'
import { httpsStsFetch, StsFetchError } from './fetch.ts'

const openssl = requirePeer('openssl')
const resolver = fakeResolver({ 'mta-sts.example.org': { a: ['127.0.0.1'] } })
const text = 'version: STSv1\nmode: none\nmax_age: 1\n'

describe.runIf(openssl.available)(openssl.title, () => {
  const made = new OpensslCertificates()
  const authority = made.make({ subject: 'Authority', isAuthority: true })
  const good = made.make({ subject: 'x', names: ['mta-sts.example.org'], issuer: authority })
  const elsewhere = made.make({ subject: 'mta-sts.example.org', names: ['example.org'], issuer: authority })
  const alone = made.make({ subject: 'x', names: ['mta-sts.example.org'] })
  const servers: Server[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
  afterAll(() => made.remove())

  async function serve(
    behaviour: RequestListener,
    { key, pem } = good,
  ): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = []
    const server = createServer({ key, cert: pem }, (request, response) => {
      asked.push(`${request.method} ${request.headers.host?.replace(/:\d+$/, '')} ${request.url}`)
      behaviour(request, response)
    }).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, asked }
  }

  const plain: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'Text/Plain; charset=utf-8' }).end(text)
  const fetcher = (port: number, clock = systemClock, timeout?: number) =>
    httpsStsFetch({
      resolver,
      clock,
      trusting: () => createSecureContext({ ca: authority.pem }),
      port,
      ...(timeout === undefined ? {} : { timeout }),
    })
  const resultOf = async (given: Promise<string>) => {
    const error = await given.catch((caught: unknown) => caught)
    expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    return error instanceof StsFetchError ? error.result : error
  }

  test('a policy is fetched from its place', async () => {
    const { port, asked } = await serve(plain)
    expect(await fetcher(port)('example.org')).toBe(text)
    expect(asked).toEqual(['GET mta-sts.example.org /.well-known/mta-sts.txt'])
  })

  test.each([
    ['for another name', elsewhere],
    ['of nobody', alone],
  ])('a certificate %s is not good, and nothing is asked', async (_, keys) => {
    const { port, asked } = await serve(plain, keys)
    expect(await resultOf(fetcher(port)('example.org'))).toBe('sts-webpki-invalid')
    expect(asked).toEqual([])
  })

  test.each<[string, string, RequestListener]>([
    ['sts-policy-fetch-error', 'is not there', (_, response) => void response.writeHead(404).end(text)],
    [
      'sts-policy-fetch-error',
      'is elsewhere',
      (_, response) => void response.writeHead(302, { location: '/.well-known/mta-sts.txt' }).end(),
    ],
    ['sts-policy-fetch-error', 'is cut off', (_, response) => void response.socket?.destroy()],
    [
      'sts-policy-fetch-error',
      'ends too early',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' })
        response.write(text, () => response.socket?.destroy())
      },
    ],
    [
      'sts-policy-invalid',
      'is a page',
      (_, response) => void response.setHeader('content-type', 'text/html').end(text),
    ],
    ['sts-policy-invalid', 'is of no type', (_, response) => void response.writeHead(200).end(text)],
    [
      'sts-policy-invalid',
      'is too long',
      (_, response) => void response.setHeader('content-type', 'text/plain').end('x'.repeat(65_537)),
    ],
  ])('%s: the policy %s', async (result, _, behaviour) => {
    const { port, asked } = await serve(behaviour)
    expect(await resultOf(fetcher(port)('example.org'))).toBe(result)
    expect(asked).toHaveLength(1)
  })

  test('it is not waited for without end', async () => {
    const clock = fakeClock()
    const { port, asked } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('version: ')
    })
    const late = resultOf(fetcher(port, clock)('example.org'))
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    clock.advance(60_000)
    expect(await late).toBe('sts-policy-fetch-error')
    expect(clock.waiting).toBe(0)
  })

  test('a host that is not there, or that nobody listens on', async () => {
    expect(await resultOf(fetcher(443)('example.net'))).toBe('sts-policy-fetch-error')
    expect(await resultOf(fetcher(1)('example.org'))).toBe('sts-policy-fetch-error')
  })
})
