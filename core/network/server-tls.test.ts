import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls'
import type { Certificate, Certificates } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ServerTls } from './server-tls.ts'
import { contextLifetime } from './tls-policy.ts'

let pair: Certificate
let renewed: Certificate
const clock = fakeClock()
let current: Certificate
let changed: () => void
let tls: ServerTls
let server: Server
let sockets: TLSSocket[] = []

const certificates: Certificates = {
  forName: async () => current,
  onChange: (listener) => {
    changed = listener
    return () => undefined
  },
}

beforeAll(async () => {
  const make = async (): Promise<Certificate> => {
    const made = await generate([{ name: 'commonName', value: 'mx.example.org' }], { keySize: 2048 })
    return { key: made.private, chain: made.cert }
  }
  pair = await make()
  renewed = await make()
})

beforeEach(async () => {
  current = pair
  tls = new ServerTls(certificates, 'imap', clock)
  tls.start()
  server = createServer(async (socket) => {
    const secured = new TLSSocket(socket, { isServer: true, ...(await tls.options()) })
    secured.on('error', () => socket.destroy())
    secured.on('data', (octets) => secured.write(octets))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  tls.stop()
  for (const socket of sockets) socket.destroy()
  sockets = []
  server.close()
  await once(server, 'close')
})

/** A client whose handshake is done and who has been answered, so that its tickets have come. Rejects as the handshake fails. */
async function client(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  socket.write('hello')
  await once(socket, 'data')
  return socket
}

describe('protocols', () => {
  test('its own, and that of clients that name none', async () => {
    expect((await client()).alpnProtocol).toBe(false)
    expect((await client({ ALPNProtocols: ['http/1.1', 'imap'] })).alpnProtocol).toBe('imap')
  })

  test.each([['http/1.1'], ['pop3'], ['imap2'], ['IMAP']])(
    'a client that offers %s is refused',
    async (name) => {
      await expect(client({ ALPNProtocols: [name] })).rejects.toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      })
    },
  )
})

test('one of several protocols, or whatever a client speaks where none is named', async () => {
  tls = new ServerTls(certificates, ['h2', 'http/1.1'], clock)
  expect((await client({ ALPNProtocols: ['http/1.1'] })).alpnProtocol).toBe('http/1.1')
  tls = new ServerTls(certificates, [], clock)
  expect((await client({ ALPNProtocols: ['http/1.1'] })).alpnProtocol).toBe(false)
})

describe('versions and ciphers', () => {
  // OpenSSL's clients, too, must be willing to do these.
  const weak = { ciphers: 'ALL:@SECLEVEL=0' }

  test.each(['TLSv1', 'TLSv1.1'] as const)('no %s', async (version) => {
    await expect(client({ ...weak, minVersion: version, maxVersion: version })).rejects.toThrow(/version/i)
  })

  test.each(['AES256-GCM-SHA384', 'ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA'])(
    'no %s',
    async (cipher) => {
      const wanted = { ciphers: `${cipher}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' } as const
      await expect(client(wanted)).rejects.toThrow(/handshake failure/)
    },
  )

  test('the server chooses', async () => {
    const ciphers = 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384'
    const socket = await client({ ciphers, maxVersion: 'TLSv1.2' })
    expect(socket.getCipher().name).toBe('ECDHE-RSA-AES256-GCM-SHA384')
  })

  test('there is no second handshake', async () => {
    const socket = await client({ maxVersion: 'TLSv1.2' })
    const failed = once(socket, 'error')
    socket.renegotiate({}, () => undefined)
    expect(String(await failed)).toMatch(/no.renegotiation/i)
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions of %s', (maxVersion) => {
  /** Whether a second connection resumes the first one's session, with something in between. */
  async function resumes(between: () => void): Promise<boolean> {
    const first = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion,
    })
    sockets.push(first)
    const [session] = (await once(first, 'session')) as [Buffer]
    between()
    return (await client({ session, maxVersion })).isSessionReused()
  }

  test('are resumed', async () => {
    expect(await resumes(() => undefined)).toBe(true)
  })

  test('are not, once the key of the tickets is another', async () => {
    expect(await resumes(() => clock.advance(contextLifetime))).toBe(false)
  })

  test('are not, under another certificate', async () => {
    const renew = (): void => {
      current = renewed
      changed()
    }
    expect(await resumes(renew)).toBe(false)
  })
})
