import { describe, expect, test } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import type { Address } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import { localError, type Reply, reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Queue, queue, type RecipientAnswer, type Submission } from '../services/queue.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import type { SessionFlow, TransactionFlow } from './flow.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const no = reply(550, '5.7.1', 'No')
const content = () => bufferContent(Buffer.from('Subject: hi\r\n\r\nbody\r\n'))

/** A host whose one plugin takes every recipient and whose queue takes every message. */
function hostWith(taps?: (hooks: Hooks) => void): Promise<TestHost> {
  const plugin = definePlugin({
    name: 'test',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(queue, { accept: takeAll } as unknown as Queue)
      taps?.(hooks)
      hooks.envelope.claimRecipient.tap('all', async () => ({ reason: 'all' }))
      hooks.delivery.route.tap('all', async ({ address }) => ({ kind: 'remote', address }))
      return undefined
    },
  })
  return createTestHost({ plugins: [plugin()] })
}

async function takeAll({ variants }: Submission): Promise<readonly RecipientAnswer[]> {
  return variants.flatMap(({ recipients }) =>
    recipients.map(({ forwardPath }) => ({ recipient: forwardPath, reply: reply(250, '2.0.0', 'Taken') })),
  )
}

function open(host: TestHost): SessionFlow {
  return host.flow.openSession({
    role: 'transfer',
    local: { address: '192.0.2.1', port: 25 },
    remote: { address: '192.0.2.9', port: 999 },
  })
}

async function transaction(session: SessionFlow, ...recipients: readonly string[]): Promise<TransactionFlow> {
  const mail = await session.mail(at('sender'))
  if (!mail.ok) throw new Error('refused')
  for (const name of recipients) expect((await mail.transaction.recipient(at(name))).code).toBe(250)
  return mail.transaction
}

async function verbs(host: TestHost, id: string): Promise<readonly string[]> {
  return (await host.history({ id })).map(({ verb }) => verb)
}

const codes = (answers: readonly RecipientAnswer[]) => answers.map((answer) => answer.reply.code)

describe('a transaction', () => {
  test('takes recipients that are claimed and routed, and says so', async () => {
    await using host = await hostWith()
    const session = open(host)
    const mail = await transaction(session, 'a', 'b')
    expect(mail.transaction).toMatchObject({
      session: session.session,
      reversePath: at('sender'),
      parameters: {},
    })
    expect(mail.transaction.recipients).toMatchObject([
      { forwardPath: at('a'), claimedBy: 'test/all', routes: [{ kind: 'remote', address: at('a') }] },
      { forwardPath: at('b') },
    ])
    expect(await verbs(host, mail.transaction.id)).toEqual([
      'connected',
      'sender',
      'verdict',
      'verdict',
      'recipient',
      'verdict',
      'verdict',
      'recipient',
    ])
  })

  test.each<[string, (hooks: Hooks) => void, Partial<Reply>]>([
    [
      'a check refuses',
      (hooks) => hooks.envelope.checkRecipient.tap('no', async () => no),
      { code: 550, lines: ['No'] },
    ],
    [
      'a check fails',
      (hooks) => hooks.envelope.checkRecipient.tap('bad', () => Promise.reject(new Error('x'))),
      localError,
    ],
    [
      'a claim fails',
      (hooks) => hooks.envelope.claimRecipient.tap('bad', () => Promise.reject(new Error('x'))),
      localError,
    ],
    [
      'a route fails',
      (hooks) => hooks.delivery.route.tap('bad', () => Promise.reject(new Error('x'))),
      localError,
    ],
    [
      'it leads nowhere',
      (hooks) =>
        hooks.delivery.route.tap('none', async () => ({ kind: 'expansion', addresses: [], via: 'x' })),
      { code: 550 },
    ],
  ])('refuses a recipient where %s', async (_, taps, answer) => {
    await using host = await hostWith(taps)
    const mail = await transaction(open(host))
    expect(await mail.recipient(at('a'))).toMatchObject(answer)
    expect(mail.transaction.recipients).toEqual([])
    const entries = await host.history({ id: mail.transaction.id })
    // Whoever refused or failed is named under the transaction.
    expect(entries.filter(({ verb }) => verb === 'fault' || verb === 'verdict').at(-1)).toMatchObject({
      by: expect.stringMatching(/^test\//),
    })
  })

  test('takes no more recipients behind aliases than ten thousand, and any number that are named', async () => {
    await using host = await hostWith((hooks) =>
      hooks.delivery.route.tap('alias', async ({ address: { localPart } }) =>
        localPart.startsWith('list')
          ? {
              kind: 'expansion',
              addresses: Array.from({ length: 3_000 }, (_, n) => at(`${localPart.slice(4)}n${n}`)),
              via: 'alias',
            }
          : undefined,
      ),
    )
    const mail = await transaction(open(host), 'list1', 'list2', 'list3')
    expect(await mail.recipient(at('list4'))).toMatchObject({ code: 452, enhanced: '4.5.3' })
    expect(await mail.recipient(at('jo'))).toMatchObject({ code: 250 })
    expect(mail.transaction.recipients).toHaveLength(4)
  })

  test('nobody who claims is no open relay', async () => {
    const plugin = definePlugin({ name: 'none', parseOptions: noOptions, setup: () => undefined })
    await using host = await createTestHost({ plugins: [plugin()] })
    const mail = await transaction(open(host))
    expect(await mail.recipient(at('a'))).toMatchObject({ code: 550, enhanced: '5.7.1' })
  })

  test('refuses a sender, and leaves no transaction', async () => {
    await using host = await hostWith((hooks) =>
      hooks.envelope.checkSender.tap('no', async ({ reversePath }) =>
        reversePath === null ? no : undefined,
      ),
    )
    const session = open(host)
    const mail = await session.mail(null)
    expect(mail).toEqual({ ok: false, reply: no })
    expect((await session.mail(at('a'))).ok).toBe(true)
  })

  test('is over with the next one, with HELO and with the message', async () => {
    await using host = await hostWith()
    const session = open(host)
    const first = await transaction(session, 'a')
    const second = await transaction(session, 'a')
    expect([first.transaction.signal.aborted, second.transaction.signal.aborted]).toEqual([true, false])
    await session.hello({ name: 'x', extended: true })
    expect(second.transaction.signal.aborted).toBe(true)
    const third = await transaction(session, 'a')
    expect(codes(await third.message(content()))).toEqual([250])
    expect(third.transaction.signal.aborted).toBe(true)
    expect(codes(await third.message(content()))).toEqual([554])
    expect(await third.recipient(at('b'))).toEqual(localError)
  })

  test('without recipients has nobody to answer for', async () => {
    await using host = await hostWith()
    expect(await (await transaction(open(host))).message(content())).toEqual([])
  })
})
