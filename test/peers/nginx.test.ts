import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Nginx, startNginx } from '../support/peers/nginx.ts'
import { requireUnpackedPeer } from '../support/peers/peers.ts'
import { type Wire, wireTo } from '../support/wire.ts'

// nginx's mail module in front of us: it listens to a client until it has said who it is, and logs in for it.

const nginx = requireUnpackedPeer('nginx')
const login = 'jo@example.org'
const proof = Buffer.from(`\0${login}\0secret`).toString('base64')

describe.runIf(nginx.available)(nginx.title, () => {
  let host: TestHost
  let proxy: Nginx
  const wires: Wire[] = []

  beforeAll(async () => {
    const behind = { port: 0, allowPlaintextLogin: true, proxy: { from: ['127.0.0.1'] } }
    const submission = { role: 'submission', port: 0, allowPlaintextAuth: true } as const
    host = await createTestHost({
      sockets: true,
      plugins: [
        memory({ accounts: [{ address: login, password: 'secret' }] }),
        localDelivery(),
        imap(behind),
        pop3(behind),
        smtp({ ...submission, xclient: ['127.0.0.1'] }, { as: 'submission' }),
      ],
    })
    const portOf = (name: string) => host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
    const smtpBehind = { protocol: 'smtp', port: portOf('submission') } as const
    proxy = await startNginx(nginx, {
      imap: { protocol: 'imap', port: portOf('imap'), settings: 'proxy_protocol on;' },
      pop3: { protocol: 'pop3', port: portOf('pop3'), settings: 'proxy_protocol on;' },
      submission: { ...smtpBehind, settings: 'xclient on; proxy_smtp_auth on;' },
      trusting: { ...smtpBehind, settings: 'xclient on;' },
    })
  })

  afterAll(async () => {
    for (const wire of wires) wire.socket.destroy()
    await proxy?.[Symbol.asyncDispose]()
    await host?.stop()
  })

  async function greeted(name: string): Promise<Wire> {
    const wire = wireTo(proxy.portOf(name))
    wires.push(wire)
    await wire.line()
    return wire
  }

  /** What is known of the sessions of a listener that somebody has logged in to. */
  async function sessionOf(listener: string) {
    const history = await host.history()
    const loggedIn = new Set(history.filter(({ verb }) => verb === 'logged-in').map(({ session }) => session))
    const mine = history.filter(({ session, facts }) => facts?.listener === listener && loggedIn.has(session))
    return mine.map(({ facts }) => facts?.remote)
  }

  test('imap', async () => {
    const wire = await greeted('imap')
    expect(await wire.ask(`a LOGIN ${login} secret`)).toMatch(/^a OK /)
    expect(await sessionOf('imap')).toEqual([{ address: '127.0.0.1', port: wire.socket.localPort }])
  })

  test('pop3', async () => {
    const wire = await greeted('pop3')
    await wire.ask(`USER ${login}`)
    expect(await wire.ask('PASS secret')).toMatch(/^\+OK /)
    expect(await sessionOf('pop3')).toEqual([{ address: '127.0.0.1', port: wire.socket.localPort }])
  })

  test('submission by XCLIENT, where it logs in for its client', async () => {
    const wire = await greeted('submission')
    await wire.send('EHLO client.example\r\n').until('\r\n250 ')
    await wire.line()
    expect(await wire.ask(`AUTH PLAIN ${proof}`)).toMatch(/^235 /)
    // XCLIENT tells no port, and that nginx knows no name.
    expect(await sessionOf('submission')).toEqual([{ address: '127.0.0.1', port: 0, name: null }])
  })

  test('its word for who has logged in is not taken, and it hears why', async () => {
    const wire = await greeted('trusting')
    await wire.send('EHLO client.example\r\n').until('\r\n250 ')
    await wire.line()
    expect(await wire.ask(`AUTH PLAIN ${proof}`)).toMatch(/^4/)
    await expect.poll(() => proxy.said, { timeout: 10_000 }).toContain('LOGIN is not offered')
  })
})
