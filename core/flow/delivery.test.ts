import { describe, expect, test, vi } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import { createMessage } from '../message/create-message.ts'
import { bufferContent } from '../model/content.ts'
import type { Batch, Outcome, SortAction } from '../model/delivery.ts'
import { localError } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import {
  at,
  away,
  delivered,
  handled,
  inbox,
  into,
  kinds,
  later,
  message,
  never,
  setUp,
  tried,
} from '../testing/delivery-world.ts'
import { createTestHost } from '../testing/test-host.ts'
import { turns } from '../testing/turns.ts'
import type { AttemptItem } from './flow.ts'

describe('an attempt', () => {
  test('files into INBOX where nobody sorts, and goes elsewhere unsorted, accounts last', async () => {
    await using setup = await setUp()
    expect(await tried(setup, [into('a'), away('x'), into('b'), away('y')])).toEqual(Array(4).fill(delivered))
    expect(setup.batches).toEqual(['remote: x(), y()', 'account: a(INBOX), b(INBOX)'])
  })

  test('what several recipients lead to is delivered once, and told to each', async () => {
    await using setup = await setUp()
    expect(await tried(setup, [into('a'), { ...into('a'), recipient: at('alias') }])).toEqual([
      delivered,
      delivered,
    ])
    expect(setup.batches).toEqual(['account: a(INBOX)'])
  })

  test('each handler has a batch of its own', async () => {
    await using setup = await setUp()
    const to = (handler: string, name: string): AttemptItem => ({
      ...away(name),
      route: { kind: 'handler', handler, address: at(name) },
    })
    expect(await tried(setup, [to('list', 'x'), into('a'), to('pipe', 'y'), to('list', 'z')])).toEqual(
      Array(4).fill(delivered),
    )
    expect(setup.batches).toEqual(['handler: x(), z()', 'handler: y()', 'account: a(INBOX)'])
  })

  test('variants of a message are deliveries of their own', async () => {
    await using setup = await setUp()
    const other = await createMessage(bufferContent(Buffer.from('Subject: other\r\n\r\n')))
    await tried(setup, [into('a'), { ...into('a'), message: other }])
    expect(setup.batches).toEqual(['account: a(INBOX), a(INBOX)'])
  })

  test('outcomes are in the order of the items', async () => {
    const outcomes: Readonly<Record<string, Outcome>> = { a: never, x: later, y: delivered }
    await using setup = await setUp({ outcome: (name) => outcomes[name] ?? delivered })
    expect(await tried(setup, [into('a'), away('x'), away('y')])).toEqual([never, later, delivered])
  })

  test.each<[string, AttemptItem, object]>([
    ['to other hosts', away('x'), { kind: 'remote' }],
    ['into mailboxes', into('a'), { kind: 'account' }],
    ['to a handler', handled('list/x'), { kind: 'handler', handler: 'list/x' }],
  ])('what nobody delivers %s waits, and the log says so', async (_, item, facts) => {
    const plugin = definePlugin({ name: 'none', parseOptions: noOptions, setup: () => undefined })
    await using host = await createTestHost({ plugins: [plugin()] })
    const { signal } = new AbortController()
    const attempt = { id: 'q1', reversePath: null, items: [item], atomic: false, signal }
    expect(await host.flow.delivery.attempt(attempt)).toMatchObject([
      { kind: 'deferred', reply: { code: 451, enhanced: '4.3.5' } },
    ])
    expect(host.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'unavailable', transaction: 'q1', ...facts }),
    )
  })

  test('one who fails to deliver is "not now"', async () => {
    await using setup = await setUp({
      outcome: () => {
        throw new Error('x')
      },
    })
    expect(await tried(setup, [away('x'), into('a')])).toEqual(
      Array(2).fill({ kind: 'deferred', reply: localError }),
    )
  })

  test('what throws in our own code is "not now" too', async () => {
    await using setup = await setUp()
    const broken = { recipient: at('a'), route: { kind: 'account' }, message } as unknown as AttemptItem
    expect(await tried(setup, [broken])).toEqual([{ kind: 'deferred', reply: localError }])
    expect(setup.host.log.lines.map(({ event }) => event)).toContain('internal-error')
  })

  test('a closing queue ends it', async () => {
    await using setup = await setUp()
    expect(await tried(setup, [away('x')], { signal: AbortSignal.abort() })).toEqual([
      { kind: 'deferred', reply: localError },
    ])
    expect(setup.batches).toEqual([])
  })

  test('that is ended while it is under way has what the one who delivers says of it', async () => {
    const end = new AbortController()
    const deliver = ({ signal, items }: Batch) =>
      new Promise<readonly Outcome[]>((resolve) => {
        signal.addEventListener('abort', () =>
          setImmediate(
            resolve,
            items.map(() => later),
          ),
        )
        setImmediate(() => end.abort())
      })
    await using setup = await setUp({
      taps: ({ delivery }) => delivery.deliver.tap('slow', deliver),
    })
    expect(await tried(setup, [away('x')], { signal: end.signal })).toEqual([later])
    expect(setup.host.log.lines.map(({ event }) => event)).not.toContain('late-answer')
  })

  test('that is ended, and of which nobody says anything, is "not now" after a moment', async () => {
    const end = new AbortController()
    const deliver = () => {
      setImmediate(() => end.abort())
      return new Promise<never>(() => undefined)
    }
    await using setup = await setUp({
      taps: ({ delivery }) => delivery.deliver.tap('hung', deliver),
    })
    expect(await tried(setup, [away('x')], { signal: end.signal })).toEqual([
      { kind: 'deferred', reply: localError },
    ])
  })

  test('many at a time leave no listeners on the signal they share', async () => {
    const { signal } = new AbortController()
    const listen = vi.spyOn(signal, 'addEventListener')
    await using setup = await setUp()
    await Promise.all(Array.from({ length: 50 }, (_, n) => tried(setup, [away(`x${n}`)], { signal })))
    expect(listen.mock.calls.length).toBeLessThanOrEqual(1)
  })
})

describe('all or none', () => {
  test('stops at the first kind that cannot be delivered', async () => {
    await using setup = await setUp({ outcome: (name) => (name === 'x' ? never : delivered) })
    expect(kinds(await tried(setup, [into('a'), away('x'), away('y')], { atomic: true }))).toEqual([
      'deferred',
      'failed',
      'delivered',
    ])
    expect(setup.batches).toEqual(['remote: x(), y()'])
  })

  test('delivers nothing where sorting one item fails', async () => {
    const bad = (hooks: Hooks) =>
      hooks.delivery.sort.tap('bad', async ({ route }) => {
        if (route.account.id === 'b') throw new Error('x')
        return undefined
      })
    await using setup = await setUp({ taps: bad })
    expect(kinds(await tried(setup, [into('a'), into('b')], { atomic: true }))).toEqual([
      'deferred',
      'deferred',
    ])
    expect(setup.batches).toEqual([])
    expect(kinds(await tried(setup, [into('a'), into('b')]))).toEqual(['delivered', 'deferred'])
    expect(setup.batches).toEqual(['account: a(INBOX)'])
  })
})

describe('sorting', () => {
  test('is asked for each account with what it has to know', async () => {
    const seen = vi.fn(async () => undefined)
    await using setup = await setUp({ taps: (hooks) => hooks.delivery.sort.tap('see', seen) })
    await tried(setup, [into('a'), away('x')])
    expect(seen).toHaveBeenCalledTimes(1)
    expect(seen).toHaveBeenCalledWith(
      { route: into('a').route, reversePath: at('sender'), message, actions: [inbox] },
      expect.anything(),
    )
  })

  test.each<[string, readonly SortAction[], readonly string[]]>([
    ['files elsewhere', [{ kind: 'file', mailbox: 'Lists', create: true }], ['account: a(Lists)']],
    ['files twice', [inbox, { kind: 'file', mailbox: 'Copy' }], ['account: a(INBOX Copy)']],
    ['forwards', [{ kind: 'forward', address: at('x') }], ['remote: x()']],
    [
      'keeps a copy of what it forwards',
      [inbox, { kind: 'forward', address: at('x') }],
      ['remote: x()', 'account: a(INBOX)'],
    ],
    [
      'forwards to an account here, which does not sort it again',
      [{ kind: 'forward', address: at('local1') }],
      ['account: local1(INBOX)'],
    ],
    ['discards', [], []],
  ])('%s', async (_, actions, batches) => {
    await using setup = await setUp({
      sort: (id) => (id === 'a' ? actions : [{ kind: 'file', mailbox: 'sorted again' }]),
    })
    expect(kinds(await tried(setup, [into('a')]))).toEqual(['delivered'])
    expect(setup.batches).toEqual(batches)
  })

  test('a forward goes on with the reverse-path that sorting gave it, other items with theirs', async () => {
    const seen: unknown[] = []
    await using setup = await setUp({
      sort: () => [
        inbox,
        { kind: 'forward', address: at('x'), reversePath: null },
        { kind: 'forward', address: at('y') },
      ],
      taps: (hooks) =>
        hooks.delivery.deliver.tap('see', async ({ items, parameters }) => {
          for (const { route, reversePath } of items) seen.push([route.kind, reversePath, parameters])
          return undefined
        }),
    })
    const parameters = { smtpUtf8: true }
    await tried(setup, [{ ...into('a'), reversePath: at('other') }, away('z')], { parameters })
    expect(seen).toEqual([
      ['remote', null, parameters],
      ['remote', at('other'), parameters],
      ['remote', at('sender'), parameters],
      ['account', at('other'), parameters],
    ])
  })

  test.each<[readonly SortAction[], readonly string[], string | undefined]>([
    [[{ kind: 'forward', address: at('x') }], ['SUCCESS'], 'passed-on'],
    [[inbox, { kind: 'forward', address: at('x') }], ['NEVER'], undefined],
    [
      [
        { kind: 'forward', address: at('x') },
        { kind: 'forward', address: at('y') },
      ],
      ['NEVER'],
      'expanded',
    ],
  ])('of a success one tells: forwards of %j go on with NOTIFY %j', async (actions, notify, reached) => {
    await using setup = await setUp({ sort: () => actions })
    const taken: AttemptItem[] = []
    const takeOver = async (items: readonly AttemptItem[]) => void taken.push(...items)
    const item: AttemptItem = { ...into('a'), parameters: { notify: ['SUCCESS'] } }
    const [outcome] = await tried(setup, [item], { takeOver })
    for (const { parameters } of taken) expect(parameters?.notify).toEqual(notify)
    expect(taken.length).toBeGreaterThan(0)
    expect(outcome?.kind === 'delivered' && outcome.reached).toBe(reached)
  })

  test.each([
    ['gets its copies here', [inbox], ['account: a(INBOX)']],
    ['is kept in INBOX', [], ['account: a(INBOX)']],
    [
      'is kept in INBOX and goes to the others',
      [{ kind: 'forward', address: at('x') }],
      ['remote: x()', 'account: a(INBOX)'],
    ],
  ] satisfies [string, SortAction[], string[]][])(
    'who forwards to an address that leads nowhere for good %s, and that is told',
    async (_, others, batches) => {
      await using setup = await setUp({
        sort: () => [...others, { kind: 'forward', address: at('nowhere') }],
      })
      expect(kinds(await tried(setup, [into('a')]))).toEqual(['delivered'])
      expect(setup.batches).toEqual(batches)
      const [line] = setup.host.log.lines.filter(({ event }) => event === 'refused')
      expect(line).toMatchObject({ level: 'error', recipient: 'a@example.org', transaction: 'q1' })
      expect(line).toMatchObject({ forwardTo: 'nowhere@example.org' })
      expect(line?.text).toMatch(/kept here instead: 550 5\.7\.1/)
      const entries = await setup.host.history({ id: 'q1' })
      expect(entries.find(({ verb }) => verb === 'recipient')?.text).toMatch(/nowhere@example\.org: 550/)
    },
  )

  test('a forward that leads nowhere now is tried again with everything else, and that is told', async () => {
    await using setup = await setUp({
      sort: () => [inbox, { kind: 'forward', address: at('late') }],
      taps: (hooks) =>
        hooks.delivery.route.tap('late', async ({ address }) => {
          if (address.localPart === 'late') throw new Error('not now')
          return undefined
        }),
    })
    expect(await tried(setup, [into('a')])).toEqual([{ kind: 'deferred', reply: localError }])
    expect(setup.batches).toEqual([])
    const [line] = setup.host.log.lines.filter(({ event }) => event === 'refused')
    expect(line).toMatchObject({ level: 'warn', forwardTo: 'late@example.org' })
    expect(line?.text).toMatch(/tried again later: 451/)
  })

  test('a copy that fails makes the whole item fail, "later" before "never"', async () => {
    const outcomes: Readonly<Record<string, Outcome>> = { x: later, y: never }
    const forward = (name: string): SortAction => ({ kind: 'forward', address: at(name) })
    await using setup = await setUp({
      sort: () => [inbox, forward('y'), forward('x')],
      outcome: (name) => outcomes[name] ?? delivered,
    })
    expect(await tried(setup, [into('a')])).toEqual([later])
  })

  test('what is quarantined goes into Junk, whatever sorting would say', async () => {
    await using setup = await setUp({ sort: () => [{ kind: 'forward', address: at('x') }] })
    expect(kinds(await tried(setup, [{ ...into('a'), quarantine: 'virus' }]))).toEqual(['delivered'])
    expect(setup.batches).toEqual(['account: a(Junk)'])
  })
})

test('what is known of the trouble is written down, and is in the log', async () => {
  const refused: Outcome = { ...later, cause: 'greylisted' }
  const late: Outcome = { ...never, cause: 'expired', lastCause: 'rate-limited' }
  const outcomes: Readonly<Record<string, Outcome>> = { x: refused, y: late }
  await using setup = await setUp({ outcome: (name) => outcomes[name] ?? delivered })
  await tried(setup, [into('a'), away('x'), away('y')])
  await turns()
  const entries = await setup.host.history({ id: 'q1' })
  const facts = entries.filter(({ by }) => by === undefined).map((entry) => entry.facts)
  expect(facts).toMatchObject([
    { cause: 'greylisted' },
    { cause: 'expired', lastCause: 'rate-limited' },
    expect.not.objectContaining({ cause: expect.anything() }),
  ])
  const lines = setup.host.log.lines.filter(({ event }) => event === 'deferred')
  expect(lines).toMatchObject([{ cause: 'greylisted' }])
})

test('every outcome is told to its hook and written down', async () => {
  const told: string[] = []
  const outcomes: Readonly<Record<string, Outcome>> = { x: later, y: never }
  await using setup = await setUp({
    outcome: (name) => outcomes[name] ?? delivered,
    taps: ({ delivery }) => {
      delivery.delivered.tap(
        'see',
        async ({ id, item }) => void told.push(`delivered ${id} ${item.recipient.localPart}`),
      )
      delivery.deferred.tap('see', async ({ item }) => void told.push(`deferred ${item.recipient.localPart}`))
      delivery.bounced.tap('see', async ({ item }) => void told.push(`bounced ${item.recipient.localPart}`))
    },
  })
  await tried(setup, [into('a'), away('x'), away('y')])
  await turns()
  expect(told).toEqual(['deferred x', 'bounced y', 'delivered q1 a'])
  const entries = await setup.host.history({ id: 'q1' })
  expect(entries.filter(({ by }) => by === undefined)).toMatchObject([
    { verb: 'deferred', session: 's1', text: '452 4.2.2 Full', facts: { recipient: 'x@example.org' } },
    { verb: 'bounced', text: '550 5.1.1 No' },
    { verb: 'delivered', text: 'done', facts: { recipient: 'a@example.org' } },
  ])
})
