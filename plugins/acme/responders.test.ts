import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Clock, systemClock } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { validateHttp, validateTls } from '../../test/support/acme/acme-validation.ts'
import { ChallengeFiles } from './challenge-files.ts'
import { HttpResponder } from './http-responder.ts'
import type { ChallengeType } from './options.ts'
import { TlsAlpnResponder } from './tls-alpn-responder.ts'

const challenge = { name: 'mx.example.org', token: 'a-Token_1', keyAuthorization: 'a-Token_1.thumbprint' }
let folder: string
let server: Server
let sockets: Socket[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-challenges-'))
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  server.close()
  await once(server, 'close')
  await rm(folder, { recursive: true, force: true })
})

async function listen(type: ChallengeType, clock: Clock = systemClock): Promise<ChallengeFiles> {
  const challenges = new ChallengeFiles(folder, type, undefined, clock)
  const responder =
    type === 'http-01' ? new HttpResponder(challenges, clock) : new TlsAlpnResponder(challenges, clock)
  server = createServer((socket) => {
    sockets.push(socket)
    responder.accept(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return challenges
}

function target(): { name: string; port: number } {
  return { name: challenge.name, port: (server.address() as AddressInfo).port }
}

describe('http-01', () => {
  test('a token is answered as long as it is wanted', async () => {
    const challenges = await listen('http-01')
    const undo = await challenges.prepare(challenge)
    await validateHttp(target(), challenge.token, challenge.keyAuthorization)
    await undo()
    await expect(validateHttp(target(), challenge.token, challenge.keyAuthorization)).rejects.toThrow('404')
  })

  test.each([
    'GET / HTTP/1.0\r\n\r\n',
    'GET /.well-known/acme-challenge/ HTTP/1.0\r\n\r\n',
    'GET /.well-known/acme-challenge/../../account.json HTTP/1.0\r\n\r\n',
    'GET /.well-known/acme-challenge/x/../../account.json HTTP/1.0\r\n\r\n',
    'GET /.well-known/acme-challenge/..%2f..%2faccount.json HTTP/1.0\r\n\r\n',
    'GET /.well-known/acme-challenge/a-Token_1?x HTTP/1.0\r\n\r\n',
    'GET http://mx.example.org/.well-known/acme-challenge/a-Token_1 HTTP/1.0\r\n\r\n',
    'POST /.well-known/acme-challenge/a-Token_1 HTTP/1.0\r\nContent-Length: 0\r\n\r\n',
  ])('%j finds nothing', async (request) => {
    const challenges = await listen('http-01')
    await challenges.prepare(challenge)
    for (const place of [folder, join(folder, 'challenges')])
      await writeFile(join(place, 'account.json'), '{}')
    expect(await wire(request)).toMatch(/^HTTP\/1\.1 404 /)
  })

  test.each(['EHLO mx\r\n', '\0\0\0\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`])(
    'what is no request, such as %.20j, gets no answer',
    async (text) => {
      await listen('http-01')
      expect(await wire(text)).toBe('')
    },
  )

  async function wire(text: string): Promise<string> {
    const socket = connect(target().port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part
    })
    socket.on('error', () => undefined)
    socket.write(text)
    await once(socket, 'close')
    return answer
  }

  test.each(['', '.', '..', '../x', 'a/b', 'x'.repeat(129), 'ä', 'a\0'])(
    'the token %j of an authority is none',
    async (token) => {
      const challenges = await listen('http-01')
      await expect(challenges.prepare({ ...challenge, token })).rejects.toMatchObject({
        code: 'MAIL_E_UNAVAILABLE',
      })
    },
  )
})

describe('tls-alpn-01', () => {
  test('a name is answered as long as it is wanted', async () => {
    const challenges = await listen('tls-alpn-01')
    const undo = await challenges.prepare(challenge)
    await validateTls(target(), challenge.keyAuthorization)
    await validateTls({ ...target(), name: 'MX.example.org' }, challenge.keyAuthorization).catch(
      (error: Error) => expect(error.message).toMatch(/^it is for DNS:mx/),
    )
    await expect(validateTls({ ...target(), name: 'other.example' }, 'x')).rejects.toThrow()
    await undo()
    await expect(validateTls(target(), challenge.keyAuthorization)).rejects.toThrow()
  })

  test.each([
    ['no protocol', { servername: 'other.example' }],
    ['another protocol', { servername: 'mx.example.org', ALPNProtocols: ['http/1.1'] }],
    ['no name', { ALPNProtocols: ['acme-tls/1'] }],
    ['a path for a name', { servername: '../../account', ALPNProtocols: ['acme-tls/1'] }],
  ])('%s is refused', async (_what, options) => {
    const challenges = await listen('tls-alpn-01')
    await challenges.prepare(challenge)
    const socket = connectTls({
      port: target().port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...options,
    })
    await expect(once(socket, 'secureConnect')).rejects.toThrow()
  })
})

test.each([
  ['http-01', 'GET / HTTP/1.1\r\nX-Slow: '],
  // The head of a record that is to be longer.
  ['tls-alpn-01', '\x16\x03\x01\x02\x00'],
] as const)(
  '%s: whoever does not come to an end is cut off after ten seconds, however busy',
  async (type, text) => {
    const clock = fakeClock()
    await listen(type, clock)
    const socket = connect(target().port, '127.0.0.1').setEncoding('latin1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(text, 'latin1')
    await expect.poll(() => clock.waiting).toBe(1)
    for (let second = 1; second < 10; second++) {
      clock.advance(1_000)
      socket.write('a')
    }
    expect(socket.destroyed).toBe(false)
    clock.advance(1_000)
    await closed
    expect(clock.waiting).toBe(0)
  },
)

test('what a process that died has left is removed', async () => {
  const challenges = await listen('http-01')
  await challenges.prepare(challenge)
  await challenges.clear()
  expect(await readdir(join(folder, 'challenges'))).toEqual([])
})
