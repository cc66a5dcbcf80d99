import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { answering, type HostScript, type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { type SendingPair, startPair, startSender, told } from '../support/smtp/smtp-sending.ts'

// Several hosts, and several messages for one: who is asked, and over which connections.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

function withHost(script: HostScript = {}, options: SmtpOutInput = {}): Promise<SendingPair> {
  return startPair(stack, script, options)
}

describe('several hosts', () => {
  const zones = {
    'there.example': {
      mx: [
        { preference: 10, exchange: 'one.example' },
        { preference: 20, exchange: 'two.example' },
      ],
    },
    'one.example': { a: ['127.0.0.2'] },
    'two.example': { a: ['127.0.0.3'] },
  }

  async function pair(one: HostScript | undefined, two: HostScript, options: SmtpOutInput = {}) {
    const second = stack.use(await startSmtpHost({ ...two, address: '127.0.0.3' }))
    const { port } = second
    const first =
      one === undefined ? undefined : stack.use(await startSmtpHost({ ...one, address: '127.0.0.2', port }))
    const sender = stack.use(await startSender({ port, ...options }, zones))
    return { first, second, sender }
  }

  test.each([
    ['is away', undefined],
    ['greets with 4yz', { greeting: '450 4.3.2 no' }],
    ['greets with 5yz', { greeting: '554 5.3.2 no' }],
    ['refuses EHLO', answering({ EHLO: '550 5.7.1 no' })],
    ['defers MAIL', answering({ MAIL: '451 4.3.0 no' })],
    ['closes at MAIL', answering({ MAIL: '421 4.3.0 no' })],
  ])('the second is asked where the first %s', async (_, script) => {
    const { second, sender } = await pair(script, {})
    expect(told((await sender.send())[0])).toMatch(/^delivered two\.example/)
    expect(second.messages).toHaveLength(1)
  })

  test.each([
    ['refuses MAIL', answering({ MAIL: '550 5.7.1 no' }), 'failed'],
    ['defers RCPT', answering({ RCPT: '450 4.2.0 greylisted' }), 'deferred'],
    ['refuses RCPT', answering({ RCPT: '550 5.1.1 no' }), 'failed'],
    ['defers DATA', answering({ DATA: '451 4.3.0 no' }), 'deferred'],
    ['closes behind the message', { behindDot: () => 'close' }, 'deferred'],
  ] as const)('the second is not asked where the first %s', async (_, script, kind) => {
    const { second, sender } = await pair(script, {})
    expect(await sender.send()).toMatchObject([{ kind, host: 'one.example' }])
    expect(second.connections).toBe(0)
  })

  test('recipients who are deferred may be offered to the second', async () => {
    const to = ['jo@there.example', 'grey@there.example']
    const script = answering({ 'RCPT TO:<grey': '450 4.2.0 greylisted' })
    const { first, second, sender } = await pair(script, {}, { nextHostForRecipients: true })
    expect((await sender.send({ to })).map(told)).toEqual([
      expect.stringMatching(/^delivered one/),
      expect.stringMatching(/^delivered two/),
    ])
    expect([first?.messages.length, second.messages.length]).toEqual([1, 1])
    expect(second.said).not.toContain('RCPT TO:<jo@there.example>')
  })

  test('an end is put to trying', async () => {
    const busy = { greeting: '421 4.3.2 busy' }
    const { sender, second } = await pair(answering({ MAIL: '450 4.7.1 no' }), {}, { maxSessions: 1 })
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', host: 'one.example' }])
    expect(second.connections).toBe(0)
    const limited = await pair(busy, {}, { maxAddresses: 1 })
    expect(await limited.sender.send()).toMatchObject([{ kind: 'deferred', host: 'one.example' }])
    expect(limited.second.connections).toBe(0)
  })
})

describe('connections', () => {
  test('one is used again, without RSET', async () => {
    const { host, sender } = await withHost()
    for (let count = 0; count < 3; count++) expect((await sender.send())[0]?.kind).toBe('delivered')
    expect(host.connections).toBe(1)
    expect(host.said.filter((line) => line === 'RSET' || line.startsWith('EHLO'))).toHaveLength(1)
  })

  test('what was begun is taken back first', async () => {
    // Nobody gets another connection before this one is ready.
    const options = { connections: { perHost: 1 } }
    const { host, sender } = await withHost(answering({ 'RCPT TO:<no@': '550 5.1.1 no' }), options)
    await sender.send({ to: 'no@there.example' })
    expect(told((await sender.send())[0])).toMatch(/^delivered/)
    expect(host.connections).toBe(1)
    expect(host.said.filter((line) => line === 'RSET')).toHaveLength(1)
  })

  test.each([
    ['has closed it', { behindDot: () => '250 2.0.0 fine\r\n421 4.3.2 bye' }],
    [
      'closes it at MAIL',
      {
        answer: (command: string, { count }: { count: number }) =>
          command.startsWith('MAIL') && count > 4 ? 'close' : undefined,
      },
    ],
    [
      'says 421 at MAIL',
      {
        answer: (command: string, { count }: { count: number }) =>
          command.startsWith('MAIL') && count > 4 ? '421 4.4.2 idle' : undefined,
      },
    ],
  ])('another one is taken where the host %s meanwhile', async (_, script) => {
    const { host, sender } = await withHost(script)
    for (let count = 0; count < 3; count++) expect((await sender.send())[0]?.kind).toBe('delivered')
    expect(host.messages).toHaveLength(3)
    expect(host.connections).toBe(3)
  })

  test('it is ended after a while, and after so many messages', async () => {
    const clock = fakeClock()
    const host = stack.use(await startSmtpHost())
    const options = { port: host.port, connections: { maxMessages: 2 } }
    const sender = stack.use(await startSender(options, undefined, clock))
    for (let count = 0; count < 3; count++) await sender.send()
    expect(host.connections).toBe(2)
    await expect.poll(() => host.open).toBe(1)
    clock.advance(5_000)
    await expect.poll(() => host.said.at(-1)).toBe('QUIT')
  })

  test('no more at a time than are allowed, and everybody’s turn comes', async () => {
    let most = 0
    const host: SmtpHost = stack.use(
      await startSmtpHost({
        answer: () => {
          most = Math.max(most, host.open)
          return undefined
        },
      }),
    )
    const sender = stack.use(await startSender({ port: host.port, connections: { perHost: 3 } }))
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => sender.send()))
    expect(outcomes.flat().every(({ kind }) => kind === 'delivered')).toBe(true)
    expect(host.messages).toHaveLength(40)
    expect(most).toBeLessThanOrEqual(3)
    expect(host.connections).toBe(3)
  })
})

describe('one message by each connection', () => {
  const to = Array.from({ length: 5 }, (_, index) => `u${index}@there.example`)
  const extensions = ['LIMITS RCPTMAX=2']

  test.each(['250 2.0.0 fine\r\n421 4.4.2 bye', 'cut 250 2.0.0 fine\r\n'])(
    'a host that has it so (%j) gets all of them',
    async (answer) => {
      const { host, sender } = await withHost({ extensions, behindDot: () => answer })
      expect((await sender.send({ to })).map(({ kind }) => kind)).toEqual(Array(5).fill('delivered'))
      expect([host.messages.length, host.connections]).toEqual([3, 3])
    },
  )

  test('each recipient is asked once, although the next host may have those who are deferred', async () => {
    const { host, sender } = await withHost(
      {
        extensions: ['LIMITS RCPTMAX=1'],
        answer: (command, { count }) =>
          command.startsWith('RCPT')
            ? '450 4.2.0 later'
            : count > 3 && command === 'RSET'
              ? 'close'
              : undefined,
      },
      { nextHostForRecipients: true },
    )
    expect((await sender.send({ to })).map(({ kind }) => kind)).toEqual(Array(5).fill('deferred'))
    expect(host.said.filter((line) => line.startsWith('RCPT'))).toEqual(to.map((name) => `RCPT TO:<${name}>`))
    expect(host.connections).toBeLessThanOrEqual(5)
  })
})

test('each address of a host is asked once, also where there is room for one connection', async () => {
  const zones = {
    'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }] },
    'mx.there.example': { a: ['127.0.0.2', '127.0.0.3'] },
  }
  const later = answering({ MAIL: '451 4.3.0 later' })
  const one = stack.use(await startSmtpHost({ ...later, address: '127.0.0.2' }))
  const two = stack.use(await startSmtpHost({ ...later, address: '127.0.0.3', port: one.port }))
  const options = { port: one.port, connections: { perHost: 1 }, maxSessions: 10 }
  const sender = stack.use(await startSender(options, zones))
  expect(await sender.send()).toMatchObject([{ kind: 'deferred', reply: { code: 451 } }])
  const mails = [one, two].map(({ said }) => said.filter((line) => line.startsWith('MAIL')).length)
  expect(mails).toEqual([1, 1])
})

describe('how we appear', () => {
  test('by sender', async () => {
    const { host, sender } = await withHost(
      {},
      {
        hostname: 'out.here.example',
        ipv4: '127.0.0.6',
        identities: [{ from: ['@news.example'], hostname: 'news.example', ipv4: '127.0.0.7' }],
      },
    )
    await sender.send()
    await sender.send({ from: 'list@news.example' })
    expect(host.clients).toEqual(['127.0.0.6', '127.0.0.7'])
    expect(host.said.filter((line) => line.startsWith('EHLO'))).toEqual([
      'EHLO out.here.example',
      'EHLO news.example',
    ])
  })
})
