import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { answering, type HostScript } from '../support/smtp/smtp-host.ts'
import { type SendingPair, startPair, told } from '../support/smtp/smtp-sending.ts'

// Hosts that answer too much, too early or something else: no answer is taken for that to another question.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

let keys: { readonly key: string; readonly cert: string }
beforeAll(async () => {
  keys = await (await createTestAuthority()).serverKeys('mx.there.example')
})

function withHost(script: HostScript, options: SmtpOutInput = {}): Promise<SendingPair> {
  return startPair(stack, script, options)
}

const together = ['PIPELINING', '8BITMIME']
const manners: readonly (readonly [string, readonly string[], SmtpOutInput])[] = [
  ['one by one', ['8BITMIME'], {}],
  ['together', together, {}],
  ['in chunks', [...together, 'CHUNKING'], { chunking: true }],
]

describe('a host that asks for the message although it has taken nobody', () => {
  test.each([
    ['no recipient', 'RCPT', '550 5.1.1 no such user', 'failed'],
    ['no recipient now', 'RCPT', '450 4.2.0 greylisted', 'deferred'],
    ['no sender', 'MAIL', '550 5.7.1 not you', 'failed'],
    ['no sender now', 'MAIL', '450 4.7.1 later', 'deferred'],
  ])('%s: gets a single dot, and the next message', async (_, command, answer, kind) => {
    const { host, sender } = await withHost({
      extensions: together,
      answer: (said, { count }) =>
        said === 'DATA' ? '354 go on' : said.startsWith(command) && count < 5 ? answer : undefined,
    })
    expect(await sender.send()).toMatchObject([{ kind, reply: { code: Number(answer.slice(0, 3)) } }])
    await expect.poll(() => host.said.at(-1)).toBe('RSET')
    expect(host.said.slice(-3)).toEqual(['DATA', '', 'RSET'])
    await expect.poll(async () => told((await sender.send())[0])).toMatch(/^delivered/)
    expect(host.messages).toEqual(['', expect.stringContaining('text')])
  })

  test('and says nothing to the dot: the outcome does not wait for it', async () => {
    const { host, sender } = await withHost({
      ...answering({ RCPT: '550 5.1.1 no', DATA: '354 go on' }),
      extensions: together,
      behindDot: () => '',
    })
    expect(await sender.send()).toMatchObject([{ kind: 'failed', reply: { enhanced: '5.1.1' } }])
    await expect.poll(() => host.messages).toEqual([''])
  })

  test('all or none: it is not asked before everybody was taken', async () => {
    const { host, sender } = await withHost({
      ...answering({ 'RCPT TO:<no': '550 5.1.1 no' }),
      extensions: together,
    })
    await sender.send({ to: ['jo@there.example', 'no@there.example'], atomic: true })
    expect(host.said).not.toContain('DATA')
  })
})

describe.each(manners)('commands %s', (manner, extensions, options) => {
  const commands = ['EHLO', 'MAIL', 'RCPT', ...(manner === 'in chunks' ? ['BDAT'] : ['DATA'])]
  // Only 354 shows which answer is whose; chunks go without. A refusal behind 354 is one of the message, before its end.
  const isKnown = (command: string, extra: string): boolean =>
    manner === 'in chunks' ? command !== 'MAIL' : command !== 'DATA' || !extra.startsWith('550')
  const extras = [
    '250 2.0.0 fine',
    '250-2.0.0 fine\r\n250 2.0.0 fine',
    '354 go on',
    '550 5.0.0 no',
    'what?',
    '2',
  ]

  const cases = commands.flatMap((command) => extras.map((extra) => [command, extra] as const))

  test.each(cases.filter(([command, extra]) => isKnown(command, extra)))(
    'an answer too many at %s, %j: nothing has failed, and what is delivered is there',
    async (command, extra) => {
      const usual: Readonly<Record<string, string>> = { EHLO: '250-mx.test\r\n250 ', DATA: '354 go on' }
      const said =
        command === 'EHLO' ? `250-mx.test\r\n${lines(extensions)}` : (usual[command] ?? '250 2.1.0 fine')
      const { host, sender } = await withHost(
        { ...answering({ [command]: `${said}\r\n${extra}` }), extensions },
        options,
      )
      const [outcome] = await sender.send()
      expect(outcome?.kind).toMatch(/^(?:deferred|delivered)$/)
      if (outcome?.kind === 'delivered') expect(host.messages.length + chunksIn(host.said)).toBe(1)
      expect(host.messages.length).toBeLessThanOrEqual(1)
    },
  )

  test('an answer too many to the message: it is delivered, and the next one goes another way', async () => {
    const { host, sender } = await withHost(
      { extensions, behindDot: () => '250 2.0.0 queued\r\n250 more' },
      options,
    )
    for (let count = 0; count < 2; count++)
      expect(told((await sender.send())[0])).toMatch(/^delivered .* queued/)
    expect([host.connections, host.messages.length]).toEqual([2, 2])
  })

  test.each(commands)('ten thousand lines at %s: later', async (command) => {
    const code = command === 'DATA' ? 354 : 250
    const { host, sender } = await withHost(
      { ...answering({ [command]: `${code}-x\r\n`.repeat(10_000) }), extensions },
      options,
    )
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', cause: 'protocol' }])
    await expect.poll(() => host.open).toBe(0)
  })

  test('ten thousand lines to the message: later', async () => {
    const { host, sender } = await withHost(
      { extensions, behindDot: () => '250-x\r\n'.repeat(10_000) },
      options,
    )
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', cause: 'protocol', concerns: 'message' }])
    expect(host.messages).toHaveLength(1)
  })

  test('hundreds of extensions, and an octet at a time', async () => {
    const many = [...extensions, ...Array.from({ length: 300 }, (_, index) => `XTENSION${index} a b c`)]
    const { sender } = await withHost({ extensions: many, trickles: true }, options)
    const to = ['jo@there.example', 'anna@there.example']
    expect((await sender.send({ to })).map(({ kind }) => kind)).toEqual(['delivered', 'delivered'])
  })
})

/** Hosts of `answering` do not take the last chunk for a message by themselves. */
function chunksIn(said: readonly string[]): number {
  return said.filter((line) => line.endsWith(' LAST')).length
}

function lines(extensions: readonly string[]): string {
  return extensions
    .map((line, index) => `250${index < extensions.length - 1 ? '-' : ' '}${line}`)
    .join('\r\n')
}

test.each(['250 2.0.0 queued', '250-2.0.0 queued\r\n250 as 1', '550 5.7.1 no', '250'])(
  '%j behind 354, before the final dot, is no answer to the message',
  async (extra) => {
    const { sender } = await withHost({
      ...answering({ DATA: `354 go on\r\n${extra}` }),
      extensions: together,
    })
    const [outcome] = await sender.send()
    expect(outcome?.kind).toBe(extra.startsWith('550') ? 'failed' : 'deferred')
  },
)

test('an answer that is missing is not made up for by that to the next command', async () => {
  const { host, sender } = await withHost({ ...answering({ 'RCPT TO:<jo': '' }), extensions: together })
  const outcomes = await sender.send({ to: ['jo@there.example', 'anna@there.example'] })
  expect(outcomes).toMatchObject(Array(2).fill({ kind: 'deferred', cause: 'protocol' }))
  expect(host.messages).toEqual([])
})

test.each(['250 injected', '250-mx\r\n250 AUTH PLAIN', '250 inj', '2'])(
  '%j in clear behind the answer to STARTTLS is not taken for words under TLS, nor does the mail go in clear',
  async (injected) => {
    const { host, sender } = await withHost({ ...answering({ STARTTLS: `220 go on\r\n${injected}` }), keys })
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', reply: { enhanced: '4.5.0' } }])
    expect(host.messages).toEqual([])
    expect(host.connections).toBe(1)
  },
)
