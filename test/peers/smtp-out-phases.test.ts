import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { type HostScript, type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { type Sender, startSender, told } from '../support/smtp/smtp-sending.ts'

// A host that is lost at each step, in each way: the mail is with the next host, or waits; it is never there twice, and never has failed.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

let keys: { readonly key: string; readonly cert: string }
beforeAll(async () => {
  keys = await (await createTestAuthority()).serverKeys('one.example')
})

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

interface Hosts {
  readonly one: SmtpHost
  readonly two: SmtpHost
  readonly sender: Sender
}

async function hosts(script: HostScript, options: SmtpOutInput = {}): Promise<Hosts> {
  const two = stack.use(await startSmtpHost({ address: '127.0.0.3' }))
  const { port } = two
  const one = stack.use(await startSmtpHost({ ...script, address: '127.0.0.2', port }))
  const sender = stack.use(await startSender({ port, ...options }, zones))
  return { one, two, sender }
}

const endings = ['close', 'reset', 'cut 25', 'cut 250-fine\r\n', 'cut 250 2.0.0 fine'] as const

const manners: Readonly<Record<string, readonly [extensions: readonly string[], options: SmtpOutInput]>> = {
  'one by one': [['SIZE', '8BITMIME'], {}],
  together: [['PIPELINING', 'SIZE'], {}],
  'in chunks': [['PIPELINING', 'CHUNKING'], { chunking: true }],
}

describe.each(Object.entries(manners))('commands %s', (manner, [extensions, options]) => {
  const before = ['EHLO', 'MAIL', 'RCPT', ...(manner === 'in chunks' ? [] : ['DATA'])]
  const cases = before.flatMap((command) => endings.map((ending) => [command, ending] as const))

  test.each(cases)('lost at %s by %j: the next host has it, once', async (command, ending) => {
    const { one, two, sender } = await hosts(
      { extensions, answer: (said) => (said.startsWith(command) ? ending : undefined) },
      options,
    )
    expect(told((await sender.send())[0])).toMatch(/^delivered two\.example/)
    expect([one, two].map(({ messages, connections }) => [messages.length, connections])).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  test.each(endings)('lost behind the message by %j: it waits', async (ending) => {
    const { one, two, sender } = await hosts({ extensions, behindDot: () => ending }, options)
    expect(await sender.send()).toMatchObject([
      { kind: 'deferred', cause: 'unreachable', concerns: 'message', reply: { enhanced: '4.4.2' } },
    ])
    expect([one.messages.length, one.connections, two.connections]).toEqual([1, 1, 0])
  })

  test('lost when it has answered the message: it is delivered', async () => {
    const { one, two, sender } = await hosts(
      { extensions, behindDot: () => 'cut 250 2.0.0 queued\r\n' },
      options,
    )
    expect(told((await sender.send())[0])).toMatch(/^delivered one\.example/)
    expect([one.messages.length, two.connections]).toEqual([1, 0])
  })
})

test.each(['close', 'reset'])('lost in the middle of the message by %j: it waits', async (answer) => {
  const { one, two, sender } = await hosts({ early: { after: 100_000, answer } })
  const text = `Subject: x\n\n${`${'x'.repeat(70)}\n`.repeat(100_000)}`
  expect(await sender.send({ text })).toMatchObject([{ kind: 'deferred', concerns: 'message' }])
  expect([one.messages.length, one.connections, two.connections]).toEqual([0, 1, 0])
})

test.each(['close', 'reset', '451 4.3.0 no', '421 4.3.0 no'])(
  'lost between two chunks by %j: it waits, and nothing is said to be the last',
  async (ending) => {
    const { one, two, sender } = await hosts(
      { extensions: ['CHUNKING'], answer: (said) => (said.startsWith('BDAT') ? ending : undefined) },
      { chunking: true },
    )
    const text = `Subject: x\n\n${`${'x'.repeat(70)}\n`.repeat(30_000)}`
    expect(await sender.send({ text })).toMatchObject([{ kind: 'deferred' }])
    expect(one.said.filter((line) => line.startsWith('BDAT'))).toEqual([expect.stringMatching(/^BDAT \d+$/)])
    expect([one.messages.length, one.connections, two.connections]).toEqual([0, 1, 0])
  },
)

test.each(['close', 'reset', 'cut 22'])(
  'lost at the greeting by %j: the next host has it',
  async (greeting) => {
    const { one, two, sender } = await hosts({ greeting })
    expect(told((await sender.send())[0])).toMatch(/^delivered two\.example/)
    expect([one.said.length, two.messages.length]).toEqual([0, 1])
  },
)

describe('under TLS', () => {
  const phases: readonly (readonly [string, (command: string, isSecure: boolean) => boolean])[] = [
    ['STARTTLS', (command) => command === 'STARTTLS'],
    ['EHLO', (command, isSecure) => isSecure && command.startsWith('EHLO')],
    ['MAIL', (command) => command.startsWith('MAIL')],
  ]

  test.each(phases.flatMap(([name, is]) => ['close', 'reset'].map((ending) => [name, ending, is] as const)))(
    'lost at %s by %j: it waits, and nothing goes in clear',
    async (_, ending, is) => {
      const { one, two, sender } = await hosts(
        { keys, answer: (command, { isSecure }) => (is(command, isSecure) ? ending : undefined) },
        { tlsFor: { 'there.example': 'encrypt' } },
      )
      const [outcome] = await sender.send()
      expect(outcome).toMatchObject({
        kind: 'deferred',
        reply: { enhanced: expect.stringMatching(/^4\.[47]/) },
      })
      expect([one.messages, two.messages]).toEqual([[], []])
      expect(one.said.filter((line) => line.startsWith('EHLO')).length).toBeLessThanOrEqual(2)
    },
  )
})
