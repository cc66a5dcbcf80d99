import type { RelayInput, SmtpOutInput } from 'mailwright/plugins/smtp-out'
import type { FakeRecords } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { answering, type HostScript, type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { oneHost, type Sender, startSender, told } from '../support/smtp/smtp-sending.ts'

// What the hosts of a destination do not take now goes to others that the config names.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

interface World {
  readonly own: SmtpHost | undefined
  readonly fallback: SmtpHost
  readonly sender: Sender
}

interface Given {
  /** The destination's host; undefined: nothing listens there. */
  readonly own?: HostScript | undefined
  readonly fallback?: HostScript
  readonly relay?: Partial<RelayInput>
  readonly options?: SmtpOutInput
  readonly zones?: Readonly<Record<string, FakeRecords>>
}

async function world(given: Given): Promise<World> {
  const own =
    given.own === undefined
      ? undefined
      : stack.use(await startSmtpHost({ ...given.own, address: '127.0.0.1' }))
  const fallback = stack.use(await startSmtpHost({ ...given.fallback, address: '127.0.0.2' }))
  const relay = { host: 'fallback.example', port: fallback.port, ...given.relay }
  const port = own?.port ?? (await freePort())
  const zones = { ...oneHost, 'fallback.example': { a: ['127.0.0.2'] }, ...given.zones }
  const sender = stack.use(await startSender({ port, fallbackRelays: [relay], ...given.options }, zones))
  return { own, fallback, sender }
}

describe('a fall-back host has what the destination’s hosts do not take now', () => {
  test.each([
    ['is away', undefined],
    ['greets with 4yz', { greeting: '421 4.3.2 busy' }],
    ['greets with 5yz', { greeting: '554 5.3.2 no' }],
    ['defers MAIL', answering({ MAIL: '451 4.3.0 no' })],
    ['closes at RCPT', answering({ RCPT: 'close' })],
  ] satisfies [string, HostScript | undefined][])('where its host %s', async (_, own) => {
    const { sender, fallback } = await world({ own })
    expect(told((await sender.send())[0])).toMatch(/^delivered fallback\.example\[127\.0\.0\.2\]/)
    expect(fallback.messages).toHaveLength(1)
    // The log says why it was not the destination's own host.
    const [line] = sender.host.log.lines.filter(({ event }) => event === 'unavailable')
    expect(line).toMatchObject({ level: 'info', transaction: 'q1' })
    expect(line?.text).toMatch(/mx\.there\.example\[127\.0\.0\.1\]:\d+ /)
  })

  test.each([
    [
      'its host cannot do the TLS that is demanded',
      { options: { tlsFor: { 'there.example': 'verify' } }, own: {} },
    ],
    ['DNS does not answer', { zones: { 'there.example': { failure: 'SERVFAIL' } } }],
    ['its domain is not known here', { zones: { 'there.example': {} } }],
    ['no MX has an address', { zones: { 'mx.there.example': {} } }],
    [
      'it is a relay host itself, and away',
      {
        options: { relay: { host: 'smart.example', port: 1 } },
        zones: { 'smart.example': { a: ['127.0.0.1'] } },
      },
    ],
  ] satisfies [string, Given][])('where %s', async (_, given) => {
    const { sender, fallback } = await world(given)
    expect(told((await sender.send())[0])).toMatch(/^delivered fallback\.example/)
    expect(fallback.messages).toHaveLength(1)
  })

  test('one after the other, each with its own login', async () => {
    const script = { extensions: ['AUTH PLAIN'], ...answering({ AUTH: '235 2.7.0 fine' }) }
    const second = stack.use(await startSmtpHost({ ...script, address: '127.0.0.2' }))
    const { port } = second
    const login = { user: 'me', password: 'secret', tls: 'none' } as const
    const fallbackRelays = [
      { host: '127.0.0.3', port },
      { host: '127.0.0.2', port, ...login },
    ]
    const { sender } = await world({ options: { fallbackRelays } })
    expect(told((await sender.send())[0])).toMatch(/^delivered \[127\.0\.0\.2\]/)
    const credentials = Buffer.from('\0me\0secret').toString('base64')
    expect(second.said).toContain(`AUTH PLAIN ${credentials}`)
  })

  test('recipients whom a host defers where the next host may have them', async () => {
    const own = answering({ 'RCPT TO:<grey': '450 4.2.0 greylisted' })
    const { sender, fallback } = await world({ own, options: { nextHostForRecipients: true } })
    const outcomes = await sender.send({ to: ['jo@there.example', 'grey@there.example'] })
    expect(outcomes.map(told)).toEqual([
      expect.stringMatching(/^delivered mx\.there/),
      expect.stringMatching(/^delivered fallback/),
    ])
    expect(fallback.said).not.toContain('RCPT TO:<jo@there.example>')
  })
})

describe('it does not get', () => {
  test.each([
    ['MAIL is refused', { own: answering({ MAIL: '550 5.7.1 no' }) }, /^failed 550 5\.7\.1/],
    ['a recipient is refused', { own: answering({ RCPT: '550 5.1.1 no' }) }, /^failed 550 5\.1\.1/],
    ['a recipient is deferred', { own: answering({ RCPT: '450 4.2.0 grey' }) }, /^deferred 450 4\.2\.0/],
    ['the host may have taken it', { own: { behindDot: () => 'close' } }, /^deferred 451 4\.4\.2/],
    [
      'its domain takes no mail',
      { zones: { 'there.example': { mx: [{ preference: 0, exchange: '' }] } } },
      /^failed 556 5\.1\.10/,
    ],
    [
      'we are its best MX',
      { zones: { 'there.example': { mx: [{ preference: 10, exchange: 'mx.here.example' }] } } },
      /^failed 550 5\.4\.6/,
    ],
    [
      'we are one of its MX, and the better one is away',
      {
        zones: {
          'there.example': {
            mx: [
              { preference: 10, exchange: 'mx.there.example' },
              { preference: 20, exchange: 'mx.here.example' },
            ],
          },
        },
      },
      /^deferred 451 4\.4\.1/,
    ],
  ] satisfies [string, Given, RegExp][])('mail where %s', async (_, given, expected) => {
    const { sender, fallback } = await world(given)
    expect(told((await sender.send())[0])).toMatch(expected)
    expect(fallback.connections).toBe(0)
  })
})

test('where it is not its turn at a fall-back host, it is deferred as its own host was', async () => {
  const limits = [{ hosts: ['fallback.example'], messages: '1/1h' }]
  const { sender, fallback } = await world({ options: { limits } })
  expect(told((await sender.send())[0])).toMatch(/^delivered fallback/)
  expect(told((await sender.send())[0])).toMatch(/^deferred 451 4\.4\.1 mx\.there\.example/)
  expect(fallback.messages).toHaveLength(1)
})

test('where nobody takes it, it is deferred', async () => {
  const { sender } = await world({ fallback: { greeting: '421 4.3.2 busy' } })
  expect(told((await sender.send())[0])).toMatch(/^deferred 421 4\.3\.2 busy/)
  const unknown = await world({ fallback: { greeting: '421 4.3.2 busy' }, zones: { 'there.example': {} } })
  expect(told((await unknown.sender.send())[0])).toMatch(/^deferred/)
})
