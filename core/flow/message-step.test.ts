import { describe, expect, test, vi } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import { type Address, formatAddress } from '../model/address/address.ts'
import { bufferContent, readAll } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import type { Message } from '../model/message.ts'
import { notWithoutOthers } from '../model/outcome.ts'
import { localError, type Reply, reply } from '../model/reply.ts'
import type { SessionRole } from '../model/session.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Queue, queue, type RecipientAnswer, type Submission } from '../services/queue.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import { turns } from '../testing/turns.ts'
import type { SessionFlow, TransactionFlow } from './flow.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const no = reply(550, '5.7.1', 'No')
const content = () => bufferContent(Buffer.from('Subject: hi\r\n\r\nbody\r\n'))

interface Parts {
  readonly taps?: (hooks: Hooks) => void
  readonly accept?: (submission: Submission) => Promise<unknown>
}

/** A host whose one plugin takes every recipient and whose queue takes what it gets. */
function hostWith({ taps, accept = takeAll }: Parts): Promise<TestHost> {
  const plugin = definePlugin({
    name: 'test',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(queue, { accept } as unknown as Queue)
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

function open(host: TestHost, role: SessionRole = 'transfer'): SessionFlow {
  return host.flow.openSession({
    role,
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

describe('a message', () => {
  test('goes through inspect, check and rewrite to the queue, in this order, and is told of', async () => {
    const steps: unknown[] = []
    const finding = { test: 'test/x', score: 2, text: 'looks odd' }
    await using host = await hostWith({
      taps: ({ data }) => {
        data.inspect.tap('x', async (_, message) => {
          steps.push(['inspect', message.header.text('subject')])
          return finding
        })
        data.checkMessage.tap('x', async (_, __, findings) => void steps.push(['check', findings]))
        data.rewriteMessage.tap('x', async (edits) => {
          steps.push(['rewrite', edits])
          return [...edits, { kind: 'insert-field', name: 'X-Spam', value: 'odd' }]
        })
        data.accepted.tap('x', async ({ id }) => void steps.push(['accepted', id]))
      },
      accept: async (submission) => {
        const [variant] = submission.variants
        steps.push([
          'queue',
          submission.atomic,
          variant && String(await readAll(variant.message.content)).split('\r\n')[0],
        ])
        return takeAll(submission)
      },
    })
    const mail = await transaction(open(host), 'a', 'b')
    const answers = await mail.message(content())
    await turns()
    const { id } = mail.transaction
    expect(answers).toEqual(
      ['a', 'b'].map((name) => ({ recipient: at(name), reply: reply(250, '2.0.0', `Taken as ${id}`) })),
    )
    expect(steps).toEqual([
      ['inspect', 'hi'],
      ['check', [finding]],
      ['rewrite', []],
      ['queue', true, 'X-Spam: odd'],
      ['accepted', id],
    ])
    const entries = await host.history({ id })
    expect(entries.find(({ verb }) => verb === 'finding')).toMatchObject({
      by: 'test/x',
      text: 'looks odd',
      facts: { score: 2 },
    })
    expect(entries.find(({ verb }) => verb === 'edited')).toMatchObject({ text: 'insert-field X-Spam' })
    expect(entries.find(({ verb }) => verb === 'accepted')).toMatchObject({
      facts: { size: 21, recipients: ['a@example.org', 'b@example.org'] },
    })
  })

  test('is prepared before anybody looks at it, and everybody gets it so', async () => {
    const seen: string[] = []
    const see = (where: string, { header }: Message) => void seen.push(`${where}: ${header.names.join(' ')}`)
    await using host = await hostWith({
      taps: ({ data }) => {
        data.prepareMessage.tap('x', async (edits, _, message) => {
          see('prepare', message)
          return [...edits, { kind: 'insert-field', name: 'X', value: '1' }]
        })
        data.inspect.tap('x', async (_, message) => see('inspect', message))
        data.checkMessage.tap('x', async (_, message) => see('check', message))
        data.rewriteMessage.tap('x', async (edits, _, message) => {
          see('rewrite', message)
          return [...edits, { kind: 'delete-field', name: 'subject', occurrence: 1 }]
        })
        data.accepted.tap('x', async (_, message) => see('accepted', message))
      },
      accept: async (submission) => {
        for (const { message } of submission.variants) see('queue', message)
        return takeAll(submission)
      },
    })
    const mail = await transaction(open(host), 'a')
    expect(codes(await mail.message(content()))).toEqual([250])
    await turns()
    expect(seen).toEqual([
      'prepare: subject',
      'inspect: x subject',
      'check: x subject',
      'rewrite: x subject',
      'queue: x',
      'accepted: x subject',
    ])
    const edited = (await host.history({ id: mail.transaction.id })).filter(({ verb }) => verb === 'edited')
    expect(edited.map(({ text }) => text)).toEqual(['insert-field X', 'delete-field subject'])
  })

  test.each<[string, (hooks: Hooks) => void]>([
    ['throws', ({ data }) => data.prepareMessage.tap('bad', () => Promise.reject(new Error('x')))],
    [
      'changes the envelope',
      ({ data }) => data.prepareMessage.tap('bad', async () => [{ kind: 'discard' }] as never),
    ],
  ])('that a tap cannot prepare, because it %s, comes later', async (_, taps) => {
    const inspected = vi.fn(async () => undefined)
    await using host = await hostWith({
      taps: (hooks) => {
        taps(hooks)
        hooks.data.inspect.tap('see', inspected)
      },
    })
    const mail = await transaction(open(host), 'a')
    expect(codes(await mail.message(content()))).toEqual([451])
    expect(inspected).not.toHaveBeenCalled()
  })

  test('a failed inspection is a finding without a score, and the message comes in', async () => {
    const findings = vi.fn(async () => undefined)
    await using host = await hostWith({
      taps: ({ data }) => {
        data.inspect.tap('bad', () => Promise.reject(new Error('x')))
        data.checkMessage.tap('see', (_, __, found) => findings(...([found] as unknown as [])))
      },
    })
    const mail = await transaction(open(host), 'a')
    expect(codes(await mail.message(content()))).toEqual([250])
    expect(findings).toHaveBeenCalledWith([{ test: 'test/failed', score: 0, text: 'test/bad failed' }])
  })

  test.each<[string, Parts, number]>([
    ['a check refuses', { taps: ({ data }) => data.checkMessage.tap('no', async () => no) }, 550],
    [
      'a check fails',
      { taps: ({ data }) => data.checkMessage.tap('bad', () => Promise.reject(new Error('x'))) },
      451,
    ],
    [
      'a rewrite fails',
      { taps: ({ data }) => data.rewriteMessage.tap('bad', () => Promise.reject(new Error('x'))) },
      451,
    ],
    ['the queue throws', { accept: () => Promise.reject(new Error('x')) }, 451],
    ['the queue answers nothing', { accept: async () => undefined }, 451],
    ['the queue answers for nobody', { accept: async () => [] }, 451],
    [
      'the queue answers for others',
      { accept: async () => [{ recipient: at('z'), reply: reply(250, '2.0.0', 'OK') }] },
      451,
    ],
    ['the queue answers nonsense', { accept: async () => [{ recipient: at('a'), reply: 'OK' }] }, 451],
  ])('is refused, and nobody is told that it came, where %s', async (_, parts, code) => {
    const told = vi.fn(async () => undefined)
    await using host = await hostWith({
      ...parts,
      taps: (hooks) => {
        parts.taps?.(hooks)
        hooks.data.accepted.tap('see', told)
      },
    })
    const mail = await transaction(open(host), 'a')
    expect(codes(await mail.message(content()))).toEqual([code])
    await turns()
    expect(told).not.toHaveBeenCalled()
    expect(await verbs(host, mail.transaction.id)).toContain('refused')
  })

  test.each([
    ['the reason of the one who never can', [reply(552, '5.2.2', 'Full')], 552],
    [
      'the reason of the one who cannot now, before that',
      [reply(552, '5.2.2', 'Full'), reply(452, '4.2.2', 'x')],
      452,
    ],
    ['that it waits, where there is no reason', [], 451],
  ])('that waits for others has %s', async (_, reasons, code) => {
    const accept: Parts['accept'] = async ({ variants }) =>
      variants[0]?.recipients.map(({ forwardPath }, index) => ({
        recipient: forwardPath,
        reply: reasons[index - 1] ?? notWithoutOthers.reply,
      })) ?? []
    await using host = await hostWith({ accept })
    const mail = await transaction(open(host), 'a', 'b', 'c')
    expect(codes(await mail.message(content()))).toEqual([code, code, code])
  })

  test.each<[string, unknown, RegExp]>([
    ['null', null, /jo@example\.org: it is not an object/],
    ['two lines in one', { code: 250, lines: ['a\r\n250 b'] }, /a line holds a control character/],
  ])('whose reply from the queue is %s is "not now", and the log names the queue', async (_, said, text) => {
    const accept = async () => [
      { recipient: at('jo'), reply: said },
      { recipient: at('jo'), reply: said },
    ]
    await using host = await hostWith({ accept })
    const mail = await transaction(open(host), 'jo')
    expect(codes(await mail.message(content()))).toEqual([451])
    const lines = host.log.lines.filter(({ event }) => event === 'internal-error')
    expect(lines).toMatchObject([{ level: 'error', service: 'queue', provider: 'test' }])
    expect(lines[0]?.text).toMatch(text)
    expect(lines[0]?.transaction).toBe(mail.transaction.id)
  })

  test.each<[string, unknown]>([
    ['no list', undefined],
    ['a list of something else', [null, 7]],
    ['empty', []],
  ])('for which the queue answers %s is "not now", and the log says so', async (_, answer) => {
    await using host = await hostWith({ accept: async () => answer })
    const mail = await transaction(open(host), 'jo')
    expect(codes(await mail.message(content()))).toEqual([451])
    const lines = host.log.lines.filter(({ event }) => event === 'internal-error')
    expect(lines).toMatchObject([{ service: 'queue', provider: 'test' }])
  })

  test('whose octets cannot be read is "not now"', async () => {
    await using host = await hostWith({})
    const mail = await transaction(open(host), 'a')
    const broken = { ...content(), read: () => Promise.reject(new Error('EIO')) }
    expect(codes(await mail.message(broken))).toEqual([451])
  })

  test('edits go to whom they concern: added, removed, changed', async () => {
    const taken = vi.fn(takeAll)
    await using host = await hostWith({
      accept: taken,
      taps: ({ data }) =>
        data.rewriteMessage.tap('edit', async (edits) => [
          ...edits,
          { kind: 'remove-recipient', address: at('b') },
          { kind: 'add-recipient', address: at('c') },
          { kind: 'quarantine', reason: 'odd', recipients: [at('c')] },
        ]),
    })
    const mail = await transaction(open(host), 'a', 'b')
    expect(codes(await mail.message(content()))).toEqual([250, 250])
    const variants = taken.mock.calls[0]?.[0].variants.map(({ recipients, quarantine }) => [
      recipients.map(({ forwardPath }) => formatAddress(forwardPath)),
      quarantine,
    ])
    expect(variants).toEqual([
      [['a@example.org'], undefined],
      [['c@example.org'], 'odd'],
    ])
  })

  test('of which every recipient was removed is taken, and no queue is asked', async () => {
    const taken = vi.fn(takeAll)
    await using host = await hostWith({
      accept: taken,
      taps: ({ data }) =>
        data.rewriteMessage.tap('discard', async () => [{ kind: 'remove-recipient', address: at('a') }]),
    })
    const mail = await transaction(open(host), 'a')
    expect(codes(await mail.message(content()))).toEqual([250])
    expect(taken).not.toHaveBeenCalled()
  })

  const mixed = async ({ variants }: Submission): Promise<readonly RecipientAnswer[]> => {
    const replies: Readonly<Record<string, Reply>> = {
      a: reply(250, '2.0.0', 'OK'),
      b: reply(550, '5.1.1', 'No'),
      c: reply(452, '4.2.2', 'Full'),
    }
    return variants.flatMap(({ recipients }) =>
      recipients.map(({ forwardPath }) => ({
        recipient: forwardPath,
        reply: replies[forwardPath.localPart] ?? localError,
      })),
    )
  }

  test('SMTP has one answer: a refusal before an acceptance, "later" before "never"', async () => {
    await using host = await hostWith({ accept: mixed })
    const answered = async (...names: readonly string[]) =>
      codes(await (await transaction(open(host), ...names)).message(content()))
    expect(await answered('a', 'a')).toEqual([250, 250])
    expect(await answered('a', 'b')).toEqual([550, 550])
    expect(await answered('b', 'a', 'c')).toEqual([452, 452, 452])
  })

  test('LMTP has one for each recipient, also for whom an edit removed', async () => {
    await using host = await hostWith({
      accept: async (submission) => {
        expect(submission.atomic).toBe(false)
        return (await mixed(submission)).filter(({ recipient }) => recipient.localPart !== 'e')
      },
      taps: ({ data }) =>
        data.rewriteMessage.tap('remove', async () => [{ kind: 'remove-recipient', address: at('d') }]),
    })
    const mail = await transaction(open(host, 'lmtp'), 'a', 'b', 'c', 'd', 'e')
    const answers = await mail.message(content())
    expect(codes(answers)).toEqual([250, 550, 452, 250, 451])
    expect(answers[0]?.reply.lines).toEqual([`Taken as ${mail.transaction.id}`])
  })

  test.each<[string, readonly Edit[], readonly number[]]>([
    ['redirect', [{ kind: 'redirect', address: at('b') }], [550, 550]],
    ['discard', [{ kind: 'discard' }], [250, 250]],
    [
      'replace',
      [
        { kind: 'remove-recipient', address: at('d') },
        { kind: 'add-recipient', address: at('b') },
        { kind: 'add-recipient', address: at('c') },
      ],
      [452, 250],
    ],
    ['add', [{ kind: 'add-recipient', address: at('b') }], [451, 250]],
  ])('LMTP tells whom edits %s what the queue said of those in their place', async (_, edits, expected) => {
    await using host = await hostWith({
      accept: mixed,
      taps: ({ data }) => data.rewriteMessage.tap('edit', async () => edits),
    })
    const mail = await transaction(open(host, 'lmtp'), 'd', 'a')
    expect(codes(await mail.message(content()))).toEqual(expected)
  })
})
