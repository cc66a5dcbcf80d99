import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

let server: SmtpServer
const wires: Wire[] = []

beforeEach(async () => {
  server = await startSmtpServer()
})

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

async function greeted(port = server.port): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  await wire.line()
  return wire
}

async function ehlo(wire: Wire): Promise<string> {
  return (await wire.send('EHLO client.example\r\n').until('\r\n250 ')) + (await wire.line())
}

async function secured(wire: Wire): Promise<Wire> {
  expect(await wire.ask('STARTTLS')).toBe('220 2.0.0 Ready to start TLS')
  const secure = await wire.secure()
  wires.push(secure)
  return secure
}

describe('what stands behind STARTTLS', () => {
  const refusal = '554 5.5.1 Protocol error: input behind STARTTLS\r\n'

  test.each(['EHLO evil\r\nMAIL FROM:<>\r\n', 'E', '\r\n', '\x16\x03\x01'])(
    '%j in the same packet ends the session',
    async (injected) => {
      const wire = await greeted()
      await ehlo(wire)
      expect(await wire.send(`STARTTLS\r\n${injected}`).rest()).toBe(refusal)
    },
  )

  test('in a later packet, in clear, breaks the handshake and is never a command', async () => {
    const wire = await greeted()
    await ehlo(wire)
    await wire.ask('STARTTLS')
    expect(await wire.send('MAIL FROM:<evil@example.org>\r\nRCPT TO:<b@example.org>\r\n').rest()).not.toMatch(
      /250/,
    )
    await server.closed(1)
    expect((await server.history()).some(({ verb }) => verb === 'sender')).toBe(false)
  })

  test('many commands before it and one behind it', async () => {
    const wire = await greeted()
    const rest = await wire.send(`${'NOOP\r\n'.repeat(99)}STARTTLS\r\nNOOP\r\n`).rest()
    expect(rest.endsWith(refusal)).toBe(true)
  })
})

test('what was said in clear is forgotten', async () => {
  const wire = await greeted()
  await ehlo(wire)
  await wire.ask('MAIL FROM:<one@client.example>')
  await wire.ask('RCPT TO:<one@example.org>')
  const secure = await secured(wire)
  expect(await secure.ask('RCPT TO:<two@example.org>')).toMatch(/^503 5\.5\.1 /)
  expect(await secure.ask('DATA')).toMatch(/^503 5\.5\.1 /)
  expect(await ehlo(secure)).not.toContain('STARTTLS')
  expect(await secure.ask('DATA')).toMatch(/^503 5\.5\.1 /)
  expect(await secure.ask('STARTTLS')).toMatch(/^503 5\.5\.1 /)
})

test('a login in clear does not outlive it', async () => {
  await server.stop()
  server = await startSmtpServer({ options: { allowPlaintextAuth: true } })
  const wire = await greeted(server.submissionPort)
  await ehlo(wire)
  const secret = Buffer.from(`\0${login}\0${password}`).toString('base64')
  expect(await wire.ask(`AUTH PLAIN ${secret}`)).toMatch(/^235 /)
  const secure = await secured(wire)
  await ehlo(secure)
  expect(await secure.ask('MAIL FROM:<>')).toMatch(/^530 /)
})

test('a message under TLS tells of it, in history and trace field', async () => {
  const secure = await secured(await greeted())
  await ehlo(secure)
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await secure.ask(command)
  expect(await secure.ask('Subject: x\r\n\r\n.')).toMatch(/^250 /)
  expect(server.taken[0]?.text).toMatch(
    /\r\n\t\(TLSv1\.3 TLS_[A-Z0-9_]+\)\r\n\tby mx\.example\.org with ESMTPS\r\n/,
  )
  expect((await server.history()).find(({ verb }) => verb === 'secured')?.text).toMatch(/^TLSv1\.3 /)
})

test('an end of TLS in the middle of a message is the end of the session, and never of TLS alone', async () => {
  const wire = await greeted()
  const secure = await secured(wire)
  await ehlo(secure)
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await secure.ask(command)
  secure.send('Subject: x\r\n\r\nhalf\r\n')
  secure.socket.end()
  expect(await secure.rest()).toBe('')
  await server.closed(1)
  expect(server.taken).toEqual([])
})

test('nothing older than TLS 1.2', async () => {
  const wire = await greeted()
  await wire.ask('STARTTLS')
  await expect(
    wire.secure({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ).rejects.toThrow()
  const old = await greeted()
  await old.ask('STARTTLS')
  const secure = await old.secure({ maxVersion: 'TLSv1.2' })
  wires.push(secure)
  expect(await secure.ask('NOOP')).toBe('250 2.0.0 OK')
})

test('who offers another protocol only (ALPN) is turned away, who offers SMTP or nothing is not', async () => {
  const other = await greeted()
  await other.ask('STARTTLS')
  await expect(other.secure({ ALPNProtocols: ['http/1.1'] })).rejects.toThrow(/no application protocol/i)
  const same = await greeted()
  await same.ask('STARTTLS')
  const secure = await same.secure({ ALPNProtocols: ['http/1.1', 'smtp'] })
  wires.push(secure)
  expect(await secure.ask('NOOP')).toBe('250 2.0.0 OK')
  await expect(tlsWireTo(server.tlsPort, { ALPNProtocols: ['imap'] })).rejects.toThrow()
})

test('no second handshake within a session of TLS 1.2', async () => {
  const wire = await greeted()
  await wire.ask('STARTTLS')
  const secure = await wire.secure({ maxVersion: 'TLSv1.2' })
  wires.push(secure)
  const socket = secure.socket as TLSSocket
  socket.renegotiate({ rejectUnauthorized: false }, () => undefined)
  await expect(once(socket, 'close')).rejects.toThrow(/no renegotiation/)
})

test('broken handshakes, of both kinds, hurt nobody', async () => {
  for (let count = 0; count < 20; count++) {
    const wire = await greeted()
    await wire.ask('STARTTLS')
    wire.send(count % 2 === 0 ? '\x16\x03\x01\xff\xff' : 'nonsense\r\n')
    wire.socket.destroy()
    const raw = wireTo(server.tlsPort)
    wires.push(raw)
    raw.send(count % 2 === 0 ? 'EHLO in clear\r\n' : '\x16\x03\x01')
    raw.socket.end()
  }
  const wire = await tlsWireTo(server.tlsPort)
  wires.push(wire)
  expect(await wire.line()).toMatch(/^220 mx\.example\.org /)
})

test('input before the greeting counts under TLS from the first octet too', async () => {
  const held = Promise.withResolvers<void>()
  server.checks.client = async () => {
    await held.promise
    return undefined
  }
  const wire = await tlsWireTo(server.tlsPort)
  wires.push(wire)
  await new Promise<void>((resolve) => wire.socket.write('EHLO early\r\n', () => resolve()))
  held.resolve()
  expect(await wire.rest()).toBe('554 Protocol error: input before the greeting\r\n')
})
