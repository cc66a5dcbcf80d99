import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import { bufferContent } from '../model/content.ts'
import type { Outcome, TroubleCause } from '../model/delivery.ts'
import { reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Accounts, accounts } from '../services/accounts.ts'
import { type Queue, queue } from '../services/queue.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'

const at = (localPart: string) => ({ localPart, domain: 'example.org' })
const account = { id: 'jo', address: at('jo') }
const content = bufferContent(Buffer.from('Subject: hi\r\n\r\nbody\r\n'))

let clock: FakeClock
let host: TestHost
let outcome: Outcome

/** Takes everybody but `no`, refuses the sender `bad`, delivers after three seconds; lets jo in, by the password. */
const system = definePlugin({
  name: 'system',
  provides: [accounts, queue],
  parseOptions: noOptions,
  setup({ hooks, provide, flow }) {
    const verify = async (login: string, secret: string) => {
      if (login === 'broken') throw new Error('away')
      return secret === 'secret' ? { ok: true, account } : { ok: false, reason: 'wrong-secret' }
    }
    provide(accounts, { verify } as unknown as Accounts)
    const accept: Queue['accept'] = async ({ transaction, variants }) => {
      clock.advance(3_000)
      const items = variants.flatMap(({ recipients, message }) =>
        recipients.flatMap(({ forwardPath, routes }) =>
          routes.map((route) => ({ recipient: forwardPath, route, message })),
        ),
      )
      const { id, reversePath, signal } = transaction
      await flow.delivery.attempt({ id, reversePath, items, atomic: false, signal })
      return items.map(({ recipient }) => ({ recipient, reply: reply(250, '2.0.0', 'OK') }))
    }
    provide(queue, { accept } as unknown as Queue)
    const { connection, envelope, delivery } = hooks
    connection.checkLogin.tap('check', async (_session, { login }) =>
      login === 'banned' ? reply(535, '5.7.8', 'No') : undefined,
    )
    envelope.checkSender.tap('check', async ({ reversePath }) =>
      reversePath?.localPart === 'bad' ? reply(450, '4.7.1', 'Later') : undefined,
    )
    envelope.claimRecipient.tap('claim', async (_transaction, { forwardPath }) =>
      forwardPath.localPart === 'no' ? undefined : { reason: 'ours' },
    )
    delivery.route.tap('route', async ({ address }) => ({ kind: 'remote', address }))
    delivery.deliver.tap('deliver', async ({ items }) => items.map(() => outcome))
    envelope.checkRecipient.tap('broken', async (_transaction, { forwardPath }) => {
      if (forwardPath.localPart === 'broken') throw new Error('oops')
      return undefined
    })
    return undefined
  },
})

beforeEach(async () => {
  clock = fakeClock()
  outcome = { kind: 'delivered', text: 'done' }
  host = await createTestHost({ plugins: [system()], clock })
})

afterEach(() => host.stop())

/** The samples of a metric as `labels: value`. */
async function told(name: string): Promise<readonly string[]> {
  const families = await host.host.instruments.metrics.gather()
  const samples = families.find((family) => family.name === name)?.samples ?? []
  return samples.map(({ labels, value }) => `${labels.join(' ')}: ${value}`)
}

function open(role: 'transfer' | 'imap' = 'transfer') {
  const end = { address: '192.0.2.1', port: 1 }
  return host.flow.openSession({ role, local: end, remote: end })
}

describe('sessions', () => {
  test('that are open, and that were opened', async () => {
    const [one] = [open(), open(), open('imap')]
    one?.close()
    one?.close()
    expect(await told('mailwright_sessions_open')).toEqual(['transfer: 1', 'imap: 1'])
    expect(await told('mailwright_sessions_total')).toEqual(['transfer: 2', 'imap: 1'])
  })

  test('with TLS', async () => {
    open().secured({ version: 'TLSv1.3', cipher: 'x' })
    expect(await told('mailwright_sessions_secured_total')).toEqual(['transfer TLSv1.3: 1'])
  })

  test('that log in, or try', async () => {
    const session = open('imap')
    for (const [login, secret] of [
      ['jo', 'secret'],
      ['jo', 'wrong'],
      ['jo', 'wrong'],
      ['banned', 'secret'],
      ['broken', 'secret'],
    ] as const)
      await session.login({ mechanism: 'PLAIN', login }, secret)
    expect(await told('mailwright_logins_total')).toEqual([
      'imap ok: 1',
      'imap failed: 2',
      'imap refused: 1',
      'imap unavailable: 1',
    ])
  })
})

describe('transactions', () => {
  test('are counted once each, by their last reply', async () => {
    const session = open()
    await session.mail(at('bad'))
    for (const recipients of [['a', 'no', 'b'], ['no'], ['a']]) {
      const mail = await session.mail(at('good'))
      if (!mail.ok) throw new Error('refused')
      for (const name of recipients) await mail.transaction.recipient(at(name))
      if (recipients.length > 1) await mail.transaction.message(content)
    }
    session.close()
    expect(await told('mailwright_transactions_total')).toEqual([
      'transfer 4xx: 1',
      'transfer 2xx: 1',
      'transfer none: 2',
    ])
    expect(await told('mailwright_recipients_total')).toEqual(['transfer 2xx: 3', 'transfer 5xx: 2'])
    expect(await told('mailwright_accepted_bytes_total')).toEqual([`transfer: ${content.size}`])
  })
})

describe('deliveries', () => {
  test('by where they go and what became of them, with the time since the message arrived', async () => {
    const send = () =>
      host.send({ from: 'a@example.net', to: ['x@example.org'], data: 'Subject: hi\n\nhi\n' })
    await host.host.flow.delivery.attempt({
      id: 'no time in it',
      reversePath: null,
      items: [
        {
          recipient: at('x'),
          route: { kind: 'remote', address: at('x') },
          message: await createMessage(content),
        },
      ],
      atomic: false,
      signal: new AbortController().signal,
    })
    await send()
    outcome = { kind: 'deferred', reply: reply(450, '4.2.0', 'Later') }
    await send()
    expect(await told('mailwright_deliveries_total')).toEqual(['remote delivered: 2', 'remote deferred: 1'])
    expect(await told('mailwright_delivery_delay_seconds')).toEqual(['remote: 3'])
  })

  test('that did not succeed, by why, in few words; not what had to wait for its turn', async () => {
    const send = () =>
      host.send({ from: 'a@example.net', to: ['x@example.org'], data: 'Subject: hi\n\nhi\n' })
    const deferred = { kind: 'deferred', reply: reply(450, '4.2.0', 'Later') } as const
    const causes = ['greylisted', 'greylisted', 'anything at all' as 'policy']
    for (const cause of causes as readonly TroubleCause[]) {
      outcome = { ...deferred, cause }
      await send()
    }
    for (const one of [deferred, { ...deferred, cause: 'rate-limited', untried: true } as const]) {
      outcome = one
      await send()
    }
    expect(await told('mailwright_delivery_troubles_total')).toEqual([
      'remote deferred greylisted: 2',
      'remote deferred other: 2',
    ])
  })
})

describe('hooks', () => {
  test('their time by hook and plugin, also of taps without an opinion; and their faults', async () => {
    const mail = await open().mail(at('good'))
    if (mail.ok) await mail.transaction.recipient(at('broken'))
    const families = await host.host.instruments.metrics.gather()
    const times = families.find(({ name }) => name === 'mailwright_hook_duration_seconds')?.samples
    const counts = times?.map(({ labels, counts = [] }) => [
      ...labels,
      counts.reduce((sum, each) => sum + each),
    ])
    expect(counts).toContainEqual(['envelope.checkSender', 'system', 1])
    expect(counts).toContainEqual(['envelope.checkRecipient', 'system', 1])
    expect(counts).toContainEqual(['envelope.claimRecipient', 'system', 0])
    expect(await told('mailwright_hook_faults_total')).toEqual(['envelope.checkRecipient system error: 1'])
    expect(await told('mailwright_log_lines_total')).toContain('error hook-failed: 1')
  })
})

test('the process tells of itself', async () => {
  await host.host.instruments.metrics.gather()
  const families = await host.host.instruments.metrics.gather()
  const value = (name: string) => families.find((family) => family.name === name)?.samples[0]?.value
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'mailwright_heap_used_bytes',
    'mailwright_event_loop_busy_seconds_total',
    'mailwright_spool_room_bytes',
  ])
    expect(value(name)).toBeGreaterThan(0)
  expect(value('mailwright_build_info')).toBe(1)
})

test('a running server is healthy, one that stops is not', async () => {
  expect(await host.host.instruments.health.report()).toMatchObject({ state: 'pass' })
  const { health } = host.host.instruments
  await host.stop()
  clock.advance(1_000)
  expect((await health.report()).checks).toMatchObject([{ name: 'core/plugins', state: 'fail' }])
})
