import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import type { SessionRole } from '../model/session.ts'
import type { PluginContext } from '../plugin.ts'
import type { Certificate } from '../services/certificates.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { listenForClients } from './client-listener.ts'
import type { ServerTls } from './server-tls.ts'

const certificates = { forName: async () => certificate, onChange: () => () => undefined }
const options = {
  host: '127.0.0.1',
  port: 0,
  implicitTls: true,
  allowPlaintextLogin: false,
  maxConnections: 1,
}
let certificate: Certificate

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'mx.example.org' }], { keySize: 2048 })
  certificate = { key: made.private, chain: made.cert }
})

/** The protocols that a listener's TLS takes, as ALPN names them. */
async function protocolsOf(role: SessionRole, alpn?: readonly string[]): Promise<unknown> {
  let tls: ServerTls | undefined
  const listen: PluginContext['listen'] = (_options, onConnection) => onConnection({} as never)
  listenForClients({ clock: fakeClock(), listen } as unknown as PluginContext, {
    role,
    ...(alpn === undefined ? {} : { alpn }),
    options,
    certificates,
    overflow: '',
    begin(_socket, given) {
      tls = given
      return { run: async () => undefined, stop: async () => undefined }
    },
  })
  return (await tls?.options())?.ALPNProtocols
}

test.each<[SessionRole, readonly string[] | undefined, unknown]>([
  ['imap', undefined, ['imap']],
  ['http', undefined, undefined],
  ['example-nntp', undefined, undefined],
  ['http', ['http/1.1'], ['http/1.1']],
  ['example-nntp', ['nntp'], ['nntp']],
])('a listener in the role %s with ALPN %j', async (role, alpn, protocols) => {
  expect(await protocolsOf(role, alpn)).toEqual(protocols)
})
