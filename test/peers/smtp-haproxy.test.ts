import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Haproxy, startHaproxy } from '../support/peers/haproxy.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { tlsWireTo, Wire, wireTo } from '../support/wire.ts'

const haproxy = requirePeer('haproxy')

describe.runIf(haproxy.available)(haproxy.title, () => {
  let folder: string
  let server: SmtpServer
  let proxy: Haproxy
  const wires: Wire[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-haproxy-'))
    const lmtp = join(folder, 'lmtp.sock')
    server = await startSmtpServer({
      options: { proxy: { from: ['127.0.0.1'] } },
      lmtp: { path: lmtp, mode: '0666', proxy: {} },
    })
    proxy = await startHaproxy({
      version1: `127.0.0.1:${server.port} send-proxy`,
      version2: `127.0.0.1:${server.port} send-proxy-v2`,
      checksum: `127.0.0.1:${server.port} send-proxy-v2 proxy-v2-options crc32c,unique-id`,
      checked: `127.0.0.1:${server.port} send-proxy-v2 check check-send-proxy inter 100`,
      tls: `127.0.0.1:${server.tlsPort} send-proxy-v2`,
      lmtp: `unix@${lmtp} send-proxy-v2`,
      silent: `127.0.0.1:${server.port}`,
    })
  })

  afterAll(async () => {
    for (const wire of wires) wire.socket.destroy()
    await proxy?.[Symbol.asyncDispose]()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** The client's own end, and what the server's session says of it. */
  async function remoteOf(
    wire: Wire,
    hello = 'EHLO',
  ): Promise<{ readonly port: number; readonly seen: unknown }> {
    wires.push(wire)
    expect(await wire.line()).toMatch(/^220 mx\.example\.org /)
    const name = `client-${wires.length}.example`
    await wire.send(`${hello} ${name}\r\n`).until('\r\n250 ')
    const history = await server.history()
    const session = history.find(({ verb, text }) => verb === 'greeted' && text === name)?.session
    const connected = history.find((entry) => entry.verb === 'connected' && entry.session === session)
    return { port: wire.socket.localPort ?? 0, seen: connected?.facts?.remote }
  }

  test.each(['version1', 'version2', 'checksum', 'checked'])('%s', async (name) => {
    const { port, seen } = await remoteOf(wireTo(proxy.portOf(name)))
    expect(seen).toEqual({ address: '127.0.0.1', port })
  })

  test('TLS behind it', async () => {
    const { port, seen } = await remoteOf(await tlsWireTo(proxy.portOf('tls')))
    expect(seen).toEqual({ address: '127.0.0.1', port })
  })

  test('LMTP on a Unix socket', async () => {
    const { port, seen } = await remoteOf(new Wire(connect(proxy.portOf('lmtp'), '127.0.0.1')), 'LHLO')
    expect(seen).toEqual({ address: '127.0.0.1', port })
  })

  test('health checks come as themselves, and are no clients', async () => {
    const isCheck = ({ verb, text }: { verb: string; text?: string }) =>
      verb === 'connected' && text === 'transfer from 127.0.0.1'
    await expect
      .poll(async () => (await server.history()).filter(isCheck).length, { timeout: 20_000 })
      .toBeGreaterThan(3)
    expect(proxy.said).not.toMatch(/is DOWN/)
  })

  test('one that sends no header gets no answer', async () => {
    const wire = wireTo(proxy.portOf('silent'))
    wires.push(wire)
    expect(await wire.send('EHLO client.example\r\n').rest()).toBe('')
  })
})
