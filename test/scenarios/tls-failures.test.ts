import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

const proxy = { from: ['127.0.0.1'] }
let host: TestHost
const wires: Wire[] = []

beforeAll(async () => {
  host = await createTestHost({
    sockets: true,
    plugins: [
      memory({ accounts: [{ address: 'tim@example.org', password: 'correct horse' }] }),
      certificates(),
      imap({ port: 0 }),
      imap({ port: 0, implicitTls: true }, { as: 'imaps' }),
      pop3({ port: 0 }),
      pop3({ port: 0, implicitTls: true }, { as: 'pop3s' }),
      smtp({ port: 0 }, { as: 'smtp' }),
      smtp({ port: 0, role: 'submission', implicitTls: true }, { as: 'smtps' }),
      imap({ port: 0, implicitTls: true, proxy }, { as: 'proxied-imaps' }),
      smtp({ port: 0, role: 'submission', implicitTls: true, proxy }, { as: 'proxied-smtps' }),
    ],
  })
})

afterEach(() => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
})

afterAll(() => host.stop())

const portOf = (name: string) => host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
const failures = () => host.log.lines.filter(({ event }) => event === 'tls-failed')
const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const

function wire(name: string): Wire {
  const made = wireTo(portOf(name))
  wires.push(made)
  return made
}

/** The one line that follows, and how the session of it ended. */
async function told(act: () => Promise<unknown>) {
  const before = failures().length
  await act()
  await expect.poll(() => failures().length, { timeout: 20_000 }).toBeGreaterThan(before)
  const [line, ...more] = failures().slice(before)
  const id = String(line?.session)
  const end = async () => (await host.history({ id })).find(({ verb }) => verb === 'closed')?.text
  await expect.poll(end, { timeout: 20_000 }).toBeDefined()
  return { line, more, end: await end() }
}

describe.each([
  ['imaps', 'imap'],
  ['pop3s', 'pop3'],
  ['smtps', 'submission'],
])('%s', (name, role) => {
  test.each([
    ['an old version', 'unsupported protocol', () => tlsWireTo(portOf(name), old).catch(() => undefined)],
    ['clear text', 'wrong version number', async () => wire(name).send('EHLO client.example\r\n')],
  ])('%s is told once, and why', async (_, reason, act) => {
    expect(await told(act)).toMatchObject({
      line: { level: 'info', listener: name, role, remote: '127.0.0.1', reason },
      more: [],
      end: `TLS handshake failed: ${reason}`,
    })
  })

  test('who leaves without a word is not told', async () => {
    const before = failures().length
    const quiet = wire(name)
    quiet.socket.end()
    await quiet.rest()
    // Whoever comes behind is told, and nobody else.
    await told(async () => wire(name).send('EHLO client.example\r\n'))
    expect(failures().length).toBe(before + 1)
  })
})

describe.each([
  ['imap', 'imap', 'a1 STARTTLS', /^a1 OK/],
  ['pop3', 'pop3', 'STLS', /^\+OK/],
  ['smtp', 'transfer', 'STARTTLS', /^220/],
])('%s', (name, role, command, expected) => {
  test('the same in a session that begins in clear', async () => {
    const found = await told(async () => {
      const clear = wire(name)
      await clear.line()
      if (name === 'smtp') await clear.send('EHLO client.example\r\n').until('\r\n250 ')
      if (name === 'smtp') await clear.line()
      expect(await clear.ask(command)).toMatch(expected)
      await clear.secure(old).catch(() => undefined)
    })
    expect(found).toMatchObject({
      line: { level: 'info', listener: name, role, remote: '127.0.0.1', reason: 'unsupported protocol' },
      more: [],
      end: 'TLS handshake failed: unsupported protocol',
    })
  })
})

describe.each(['proxied-imaps', 'proxied-smtps'])('%s', (name) => {
  test.each(['together', 'apart'])('half a handshake behind a PROXY header, %s, is told', async (how) => {
    const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n'
    const half = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
    const found = await told(async () => {
      const client = wire(name)
      if (how === 'together') client.send(header + half)
      else {
        client.send(header)
        await new Promise<void>((resolve) =>
          client.socket.write(Buffer.from(half, 'latin1'), () => resolve()),
        )
      }
      client.socket.end()
      await client.rest()
    })
    expect(found).toMatchObject({
      line: { remote: '192.0.2.7', reason: 'the client ended it' },
      more: [],
    })
  })
})
