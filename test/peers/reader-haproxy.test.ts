import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Haproxy, startHaproxy } from '../support/peers/haproxy.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

const haproxy = requirePeer('haproxy')

describe.runIf(haproxy.available)(haproxy.title, () => {
  let host: TestHost
  let proxy: Haproxy
  const wires: Wire[] = []

  beforeAll(async () => {
    const options = { port: 0, proxy: { from: ['127.0.0.1'] } }
    host = await createTestHost({
      sockets: true,
      plugins: [
        memoryAccounts({ accounts: [] }),
        memoryStore({}),
        certificates(),
        imap(options),
        imap({ ...options, implicitTls: true }, { as: 'imaps' }),
        pop3(options),
        pop3({ ...options, implicitTls: true }, { as: 'pop3s' }),
      ],
    })
    const servers = host.listeners.map(({ plugin, port }) => [plugin, `127.0.0.1:${port} send-proxy-v2`])
    proxy = await startHaproxy(Object.fromEntries(servers))
  })

  afterAll(async () => {
    for (const wire of wires) wire.socket.destroy()
    await proxy?.[Symbol.asyncDispose]()
    await host?.stop()
  })

  test.each([
    ['imap', wireTo, /^\* OK /],
    ['imaps', tlsWireTo, /^\* OK /],
    ['pop3', wireTo, /^\+OK /],
    ['pop3s', tlsWireTo, /^\+OK /],
  ] as const)('%s', async (name, to, greeting) => {
    const wire = await to(proxy.portOf(name))
    wires.push(wire)
    expect(await wire.line()).toMatch(greeting)
    const history = await host.history()
    const connected = history.filter(({ verb, facts }) => verb === 'connected' && facts?.listener === name)
    expect(connected.map(({ facts }) => facts?.remote)).toEqual([
      { address: '127.0.0.1', port: wire.socket.localPort },
    ])
  })
})
