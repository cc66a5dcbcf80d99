import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { type FakeClock, type FakeRecords, fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { answering, type HostScript, type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { type Sender, startSender, told } from '../support/smtp/smtp-sending.ts'

// Hosts that many domains share, and that are not to get more than so much at a time.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const domains = Array.from({ length: 20 }, (_, index) => `d${index}.example`)
const zones: Readonly<Record<string, FakeRecords>> = {
  ...Object.fromEntries(
    domains.map((domain, index) => [
      domain,
      { mx: [{ preference: 10, exchange: `mx${index % 3}.big.example` }] },
    ]),
  ),
  ...Object.fromEntries([0, 1, 2].map((index) => [`mx${index}.big.example`, { a: ['127.0.0.1'] }])),
}

async function world(
  options: SmtpOutInput,
  clock: FakeClock,
  script: HostScript = {},
): Promise<{ readonly host: SmtpHost; readonly sender: Sender; readonly most: () => number }> {
  let most = 0
  const host: SmtpHost = stack.use(
    await startSmtpHost({
      answer: (command, state) => {
        most = Math.max(most, host.open)
        return script.answer?.(command, state)
      },
    }),
  )
  const sender = stack.use(await startSender({ port: host.port, ...options }, zones, clock))
  return { host, sender, most: () => most }
}

describe('limits of hosts', () => {
  test('hold for all domains and names of a host together, those that are only kept included', async () => {
    const clock = fakeClock()
    const limits = [{ hosts: ['.big.example'], connections: 2 }]
    const { host, sender, most } = await world({ limits }, clock)
    const sending = domains.slice(0, 12).map((domain) => sender.send({ to: `jo@${domain}` }))
    await expect.poll(() => host.messages.length).toBe(8)
    // The third name waits until a connection with another one is over.
    expect(most()).toBe(2)
    clock.advance(6_000)
    const sent = await Promise.all(sending)
    expect(sent.flat().map((outcome) => told(outcome).slice(0, 9))).toEqual(Array(12).fill('delivered'))
    expect(most()).toBe(2)
  })

  test.each([
    ['has had enough each time', '421 4.3.2 Too busy', false],
    ['refuses the message', '550 5.7.1 No', true],
  ])('who waits at a host that %s is told whether others get on', async (_, answer, moving) => {
    const limits = [{ hosts: ['.big.example'], messages: '1/h' }]
    const script = answering({ MAIL: answer })
    const { sender } = await world({ limits }, fakeClock(), script)
    await sender.send({ to: 'jo@d0.example' })
    expect(await sender.send({ to: 'jo@d1.example' })).toMatchObject([{ untried: true, moving }])
  })

  test('what cannot go soon is put off, one destination after the other, and nothing was tried', async () => {
    const clock = fakeClock()
    const limits = [{ hosts: ['.big.example'], messages: '60/1m' }]
    const fallbackRelays = [{ host: '127.0.0.1', port: 9 }]
    const { host, sender } = await world({ limits, fallbackRelays }, clock)
    const sending = domains.map((domain) => sender.send({ to: `jo@${domain}` }))
    const first = await Promise.all(sending.slice(10))
    const times = first.map(([outcome]) => (outcome?.kind === 'deferred' ? outcome.retryAfter : undefined))
    expect(new Set(times).size).toBe(10)
    expect(first[0]).toMatchObject([{ kind: 'deferred', concerns: 'destination', cause: 'rate-limited' }])
    expect(told(first[0]?.[0])).toMatch(/^deferred 451 4\.4\.5 The mail waits for its turn/)
    for (let count = 0; count < 10; count++) {
      await expect.poll(() => host.messages.length).toBe(count + 1)
      clock.advance(1_000)
    }
    const rest = await Promise.all(sending.slice(0, 10))
    expect(rest.flat().map(({ kind }) => kind)).toEqual(Array(10).fill('delivered'))
  })
})
