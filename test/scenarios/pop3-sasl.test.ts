import type { TLSSocket } from 'node:tls'
import { definePlugin, noOptions, type PluginInstance, tokens, UnavailableError } from 'mailwright'
import { ScramClient, type ScramClientOptions } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { greeted } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { tlsWireTo, type Wire } from '../support/wire.ts'

let server: Pop3Server

afterEach(() => server.stop())

const encoded = (text: string | Buffer) => Buffer.from(text).toString('base64')
const decoded = (line: string) => Buffer.from(line.replace(/^\+ /, ''), 'base64')
const welcome = '+OK 0 messages (0 octets)'

async function start(plugins: readonly PluginInstance[] = []): Promise<void> {
  server = await startPop3Server({ plugins, options: { allowPlaintextLogin: true } })
}

async function secured(maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<Wire> {
  const wire = await tlsWireTo(server.tlsPort, { minVersion: maxVersion, maxVersion })
  await wire.line()
  return wire
}

/** Plays SCRAM; the last answer of the server. */
async function scram(
  wire: Wire,
  mechanism: string,
  options: Partial<ScramClientOptions> = {},
): Promise<string> {
  const client = new ScramClient({ login, secret: password, ...options })
  const first = await wire.ask(`AUTH ${mechanism} ${encoded(client.first())}`)
  if (!first.startsWith('+ ')) return first
  const final = await wire.ask(encoded(client.final(decoded(first))))
  if (!final.startsWith('+ ')) return final
  expect(client.isFromServer(decoded(final))).toBe(true)
  // RFC 5034 §4: there is no additional data with success; the client answers the last challenge.
  return wire.ask('')
}

describe('SCRAM-SHA-256', () => {
  test('lets in who knows the password, also in clear where that is allowed', async () => {
    await start()
    const wire = await greeted(server)
    expect(await scram(wire, 'SCRAM-SHA-256')).toBe(welcome)
  })

  test('without an initial response', async () => {
    await start()
    const wire = await greeted(server)
    const client = new ScramClient({ login, secret: password })
    expect(await wire.ask('auth scram-sha-256')).toBe('+ ')
    const first = await wire.ask(encoded(client.first()))
    await wire.ask(encoded(client.final(decoded(first))))
    expect(await wire.ask('')).toBe(welcome)
  })

  test('a wrong password, and somebody unknown, fail alike', async () => {
    await start()
    const answers = ['tim@example.org', 'nobody@example.org'].map(async (name) =>
      scram(await greeted(server), 'SCRAM-SHA-256', { login: name, secret: 'wrong' }),
    )
    expect(await Promise.all(answers)).toEqual(Array(2).fill('-ERR [AUTH] Authentication failed'))
  })

  test('acting for somebody else is a wrong login', async () => {
    await start()
    const answer = await scram(await greeted(server), 'SCRAM-SHA-256', { identity: 'ursel@example.org' })
    expect(answer).toBe('-ERR [AUTH] Authentication failed')
  })

  test('a client that does not believe the server is not in', async () => {
    await start()
    const wire = await greeted(server)
    const client = new ScramClient({ login, secret: password })
    const first = await wire.ask(`AUTH SCRAM-SHA-256 ${encoded(client.first())}`)
    await wire.ask(encoded(client.final(decoded(first))))
    expect(await wire.ask('*')).toBe('-ERR Authentication cancelled')
    expect(await wire.ask('STAT')).toBe('-ERR Unknown command, or log in first')
    expect(await server.locked()).toBe(false)
  })
})

describe('SCRAM-SHA-256-PLUS', () => {
  test('is tied to a connection of TLS 1.3 by tls-exporter (RFC 9266)', async () => {
    await start()
    const wire = await secured()
    const data = (wire.socket as TLSSocket).exportKeyingMaterial(
      32,
      'EXPORTER-Channel-Binding',
      Buffer.alloc(0),
    )
    expect(await scram(wire, 'SCRAM-SHA-256-PLUS', { binding: { type: 'tls-exporter', data } })).toBe(welcome)
  })

  test('to one of TLS 1.2 by tls-unique (RFC 5929)', async () => {
    await start()
    const wire = await secured('TLSv1.2')
    const data = (wire.socket as TLSSocket).getFinished() ?? Buffer.alloc(0)
    expect(await scram(wire, 'SCRAM-SHA-256-PLUS', { binding: { type: 'tls-unique', data } })).toBe(welcome)
  })

  test('also where the client calls it by the plain name, as Cyrus SASL does', async () => {
    await start()
    const wire = await secured('TLSv1.2')
    const data = (wire.socket as TLSSocket).getFinished() ?? Buffer.alloc(0)
    expect(await scram(wire, 'SCRAM-SHA-256', { binding: { type: 'tls-unique', data } })).toBe(welcome)
  })

  test('and to no other; a client from which it was hidden is refused', async () => {
    await start()
    const wire = await secured()
    const data = (await secured()).socket as TLSSocket
    const other = data.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    expect(await scram(wire, 'SCRAM-SHA-256-PLUS', { binding: { type: 'tls-exporter', data: other } })).toBe(
      '-ERR [AUTH] Authentication failed',
    )
    expect(await scram(wire, 'SCRAM-SHA-256', { flag: 'y' })).toBe('-ERR [AUTH] Authentication failed')
    expect(await (await greeted(server)).ask('AUTH SCRAM-SHA-256-PLUS')).toBe(
      '-ERR That mechanism is not offered',
    )
  })
})

test('LOGIN', async () => {
  await start()
  const wire = await greeted(server)
  expect(await wire.ask('AUTH LOGIN')).toBe(`+ ${encoded('Username:')}`)
  expect(await wire.ask(encoded(login))).toBe(`+ ${encoded('Password:')}`)
  expect(await wire.ask(encoded(password))).toBe(welcome)
})

describe('bearer tokens', () => {
  /** Tokens whose owners are their names. */
  const vouching = definePlugin({
    name: 'vouching',
    provides: [tokens],
    parseOptions: noOptions,
    setup({ provide }) {
      provide(tokens, {
        hints: { scope: 'mail' },
        async introspect(token) {
          if (token === 'down') throw new UnavailableError('nobody answers')
          const [, owner] = /^of-(.+)$/.exec(token) ?? []
          if (owner === undefined) return { active: false }
          return { active: true, login: Buffer.from(owner, 'base64url').toString() }
        },
      })
    },
  })
  const tokenOf = (owner: string) => `of-${Buffer.from(owner).toString('base64url')}`
  const message = (token: string, name = login) => encoded(`n,a=${name},\x01auth=Bearer ${token}\x01\x01`)

  test('OAUTHBEARER and XOAUTH2 let their owners in', async () => {
    await start([vouching()])
    const first = await secured()
    expect((await first.send('CAPA\r\n').until('\r\n.\r\n')).split('\r\n')).toContain(
      'SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN',
    )
    expect(await first.ask(`AUTH OAUTHBEARER ${message(tokenOf(login))}`)).toBe(welcome)
    await first.ask('QUIT')
    const second = await secured()
    expect(await second.ask('AUTH XOAUTH2')).toBe('+ ')
    expect(await second.ask(encoded(`user=${login}\x01auth=Bearer ${tokenOf(login)}\x01\x01`))).toBe(welcome)
  })

  test('say why they fail, and then fail', async () => {
    await start([vouching()])
    const wire = await secured()
    const error = await wire.ask(`AUTH OAUTHBEARER ${message('stale')}`)
    expect(JSON.parse(decoded(error).toString())).toEqual({ status: 'invalid_token', scope: 'mail' })
    expect(await wire.ask(encoded('\x01'))).toBe('-ERR [AUTH] Authentication failed')
    expect(await wire.ask(`AUTH OAUTHBEARER ${message('down')}`)).toBe(
      '-ERR [SYS/TEMP] Authentication is not possible now, try again later',
    )
  })

  test('open nobody else’s mailbox', async () => {
    await start([vouching()])
    const wire = await secured()
    await wire.ask(`AUTH OAUTHBEARER ${message(tokenOf('somebody@example.org'))}`)
    expect(await wire.ask('')).toBe('-ERR [AUTH] Authentication failed')
  })

  test('are not offered where nobody can verify them', async () => {
    await start()
    expect(await (await secured()).ask('AUTH OAUTHBEARER')).toBe('-ERR That mechanism is not offered')
  })
})
