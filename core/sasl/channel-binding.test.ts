import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls'
import { generate } from 'selfsigned'
import { describe, expect, test } from 'vitest'
import { channelBinding } from './channel-binding.ts'

const subject = [{ name: 'commonName', value: 'mail.example' }]

interface Ends extends AsyncDisposable {
  readonly server: TLSSocket
  readonly client: TLSSocket
  /** A further connection, by the session of the first. */
  again(): Promise<Ends>
}

/** Both ends of a connection. */
async function tlsEnds(certificate: object, options: ConnectionOptions): Promise<Ends> {
  const pair = await generate(subject, certificate)
  const listener = createServer({ key: pair.private, cert: pair.cert })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const open = async (session?: Buffer): Promise<Ends> => {
    const accepted = once(listener, 'secureConnection')
    const client = connect({ port, rejectUnauthorized: false, ...options, ...(session && { session }) })
    const sessionMade = new Promise<Buffer>((resolve) => client.once('session', resolve))
    await once(client, 'secureConnect')
    const [server] = (await accepted) as [TLSSocket]
    return {
      server,
      client,
      again: async () => open(await sessionMade),
      async [Symbol.asyncDispose]() {
        client.destroy()
        server.destroy()
        if (listener.listening) listener.close()
      },
    }
  }
  return open()
}

const rsa = { algorithm: 'sha256', keySize: 2048 }

describe('channel bindings', () => {
  test('TLS 1.3: both ends export the same', async () => {
    await using ends = await tlsEnds(rsa, { minVersion: 'TLSv1.3' })
    const binding = channelBinding(ends.server)
    expect(binding.types).toContain('tls-exporter')
    expect(binding.data('tls-exporter')).toEqual(
      ends.client.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
    )
    expect(binding.data('tls-unique'), 'RFC 8446 has none').toBeUndefined()
    expect(binding.data('__proto__')).toBeUndefined()
  })

  test('TLS 1.2: the first Finished message; none where the session goes on', async () => {
    await using ends = await tlsEnds(rsa, { maxVersion: 'TLSv1.2' })
    const binding = channelBinding(ends.server)
    expect(binding.types).toContain('tls-unique')
    expect(binding.types).not.toContain('tls-exporter')
    expect(binding.data('tls-unique')).toEqual(ends.client.getFinished())
    await using resumed = await ends.again()
    expect(resumed.server.isSessionReused()).toBe(true)
    expect(channelBinding(resumed.server).types).toEqual([])
    expect(channelBinding(resumed.server).data('tls-unique')).toBeUndefined()
  })

  test.each([
    [rsa, 'sha256'],
    [{ algorithm: 'sha384', keySize: 2048 }, 'sha384'],
    [{ algorithm: 'sha1', keySize: 2048 }, 'sha256'],
    [{ algorithm: 'sha256', keyType: 'ec' }, 'sha256'],
  ])('tls-server-end-point of %j is its %s', async (certificate, hash) => {
    await using ends = await tlsEnds(certificate, { minVersion: 'TLSv1.2' })
    const { raw } = ends.client.getPeerCertificate()
    expect(channelBinding(ends.server).data('tls-server-end-point')).toEqual(
      createHash(hash).update(raw).digest(),
    )
  })
})
