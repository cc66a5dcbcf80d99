import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { systemClock } from 'mailwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MadeCertificate, OpensslCertificates } from '../../../test/support/acme/openssl-certificates.ts'
import { LmtpConnection } from './lmtp-connection.ts'
import { LmtpTls, type LmtpTlsLevel } from './lmtp-tls.ts'

const certificates = new OpensslCertificates()
let authority: MadeCertificate
let ours: MadeCertificate
let others: MadeCertificate

beforeAll(() => {
  authority = certificates.make({ subject: 'authority', isAuthority: true })
  ours = certificates.make({ subject: 'one', names: ['localhost'], issuer: authority })
  others = certificates.make({ subject: 'other', names: ['other.example'], issuer: authority })
})
afterAll(() => certificates.remove())

/** What a server does at STARTTLS, and what it shows. */
interface Behaviour {
  /** Undefined: STARTTLS is not offered. */
  readonly answer?: string
  readonly certificate?: MadeCertificate
  /** It ends the connection when it has seen our end of the handshake. */
  readonly refusesUs?: boolean
}

let stack: AsyncDisposableStack
/** What was said, with a mark where it was said under TLS. */
let said: string[]

beforeEach(() => {
  stack = new AsyncDisposableStack()
  said = []
})
afterEach(() => stack.disposeAsync())

async function serve(behaviour: Behaviour): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).write('220 test\r\n')
    listen(socket, behaviour, '')
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  stack.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function listen(socket: Socket, { answer, certificate, refusesUs = false }: Behaviour, mark: string): void {
  let text = ''
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('latin1')
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const command = text.slice(0, end)
      text = text.slice(end + 2)
      said.push(`${mark}${command}`)
      const keyword = mark === '' && answer !== undefined ? 'STARTTLS' : 'PIPELINING'
      if (command !== 'STARTTLS') socket.write(`250-test\r\n250 ${keyword}\r\n`)
      else {
        socket.write(`${answer}\r\n`)
        if (certificate !== undefined) {
          socket.off('data', onData)
          const { pem: cert, key } = certificate
          const secureContext = createSecureContext({ cert, key })
          const secured = new TLSSocket(socket, { isServer: true, secureContext })
          if (refusesUs) secured.once('secure', () => secured.destroy())
          listen(
            secured.on('error', () => undefined),
            { certificate },
            'TLS ',
          )
        }
      }
    }
  }
  socket.on('data', onData)
}

/** Opens a connection; answers what was said on it. */
async function open(level: LmtpTlsLevel, behaviour: Behaviour, authorities?: string): Promise<string[]> {
  const port = await serve(behaviour)
  const tls = new LmtpTls({ level: 'may', levels: new Map([['localhost', level]]), authorities })
  tls.start()
  const timeouts = { connect: 30_000, command: 30_000, data: 30_000 }
  const settings = { clock: systemClock, timeouts, hostname: 'mx.here.example', tls }
  const { signal } = new AbortController()
  const connection = await LmtpConnection.open({ kind: 'lmtp', host: 'LOCALHOST', port }, settings, signal)
  await connection.commands(['NOOP'])
  expect(connection.extensions.has('STARTTLS')).toBe(!said.includes('TLS NOOP') && 'answer' in behaviour)
  connection.destroy()
  return said
}

const hello = 'LHLO mx.here.example'
const secured = [hello, 'STARTTLS', `TLS ${hello}`, 'TLS NOOP']
const go = '220 2.0.0 go on'

describe.each(['may', 'encrypt', 'verify'] as const)('%s', (level) => {
  test('a known authority has signed for the host', async () => {
    expect(await open(level, { answer: go, certificate: ours }, authority.file)).toEqual(secured)
  })
})

test.each(['may', 'encrypt'] as const)('%s takes any certificate', async (level) => {
  expect(await open(level, { answer: go, certificate: others })).toEqual(secured)
})

test.each([
  ['other authority', () => ours, undefined, 'the certificate is not trusted'],
  ['other name', () => others, () => authority.file, 'the certificate is not for'],
] as const)('verify: of an %s', async (_, certificate, authorities, problem) => {
  const opening = open('verify', { answer: go, certificate: certificate() }, authorities?.())
  await expect(opening).rejects.toThrow(problem)
  expect(said).not.toContain(`TLS ${hello}`)
})

test('none says nothing of it', async () => {
  expect(await open('none', { answer: go, certificate: ours })).toEqual([hello, 'NOOP'])
})

describe('where there is no TLS after all', () => {
  const ways: [string, Behaviour, string][] = [
    ['it is not offered', {}, 'does not offer STARTTLS'],
    ['it is refused', { answer: '454 4.7.0 no' }, '454 4.7.0 no'],
    ['nonsense follows', { answer: `${go}\r\nnonsense` }, 'more in clear'],
  ]

  test.each(ways)('encrypt: %s', async (_, behaviour, problem) => {
    await expect(open('encrypt', behaviour)).rejects.toThrow(problem)
    expect(said).not.toContain('NOOP')
  })

  test.each(ways.slice(0, 2))('may goes on in clear: %s', async (_, behaviour) => {
    expect((await open('may', behaviour)).slice(-2)).toEqual([hello, 'NOOP'])
  })

  test('may begins anew after a handshake that fails', async () => {
    const rsa = certificates.make({ subject: 'weak', names: ['localhost'], kind: 'rsa' })
    const weak = { ...rsa, key: ours.key }
    await expect(open('may', { answer: go, certificate: weak })).resolves.toEqual([
      hello,
      'STARTTLS',
      hello,
      'NOOP',
    ])
  })

  test('also of a server that refuses our end of it, which shows only behind the handshake', async () => {
    const refusing = { answer: go, certificate: ours, refusesUs: true }
    expect((await open('may', refusing)).slice(-2)).toEqual([hello, 'NOOP'])
    await expect(open('encrypt', refusing)).rejects.toThrow('ended with the handshake')
  })
})
