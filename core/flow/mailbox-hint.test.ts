import { describe, expect, test, vi } from 'vitest'
import type { MailboxChange } from '../hooks/retrieval.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Notifier, notifier } from '../services/notifier.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'
import { turns } from '../testing/turns.ts'
import type { MailboxHint } from './mailbox-hint.ts'

const change: MailboxChange = {
  account: { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } },
  mailbox: 'Junk',
  cause: 'move',
  uidValidity: 7,
  uids: [1, 2],
  flags: [['\\Seen'], []],
  from: 'INBOX',
  origin: 'q1',
}

const told = vi.fn<(change: MailboxChange) => Promise<undefined>>(async () => undefined)

/** A host with a notifier of the test's own. */
function hostWith(publish: Notifier['publish']): Promise<TestHost> {
  told.mockClear()
  const plugin = definePlugin({
    name: 'test',
    provides: [notifier],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      provide(notifier, { publish, subscribe: () => () => undefined })
      hooks.retrieval.messageStored.tap('see', told)
      return undefined
    },
  })
  return createTestHost({ plugins: [plugin()] })
}

/** What is published for a change. */
async function hintOf(changed: MailboxChange): Promise<readonly [topic: string, hint: MailboxHint]> {
  const publish = vi.fn<(topic: string, payload: unknown) => void>()
  await using host = await hostWith(publish)
  host.flow.retrieval.stored(changed)
  const [[topic, hint] = []] = publish.mock.calls
  return [topic ?? '', hint as MailboxHint]
}

describe('a change', () => {
  test('of any kind is published on the topic of its account', async () => {
    const publish = vi.fn()
    await using host = await hostWith(publish)
    host.flow.retrieval.stored(change)
    host.flow.retrieval.flagged({ ...change, cause: 'store' })
    host.flow.retrieval.expunged({ ...change, cause: 'expunge' })
    const hint = { mailbox: 'Junk', uidValidity: 7, uids: [1, 2], from: 'INBOX' }
    expect(publish.mock.calls).toEqual([
      ['mailbox:a1', { ...hint, cause: 'move', process: expect.any(String) }],
      ['mailbox:a1', { ...hint, cause: 'store', process: expect.any(String) }],
      ['mailbox:a1', { ...hint, cause: 'expunge', process: expect.any(String) }],
    ])
  })

  test('says where messages went, and nothing that is not there', async () => {
    const { from: _from, ...gone } = change
    expect(await hintOf({ ...gone, to: 'Trash' })).toEqual([
      'mailbox:a1',
      {
        mailbox: 'Junk',
        uidValidity: 7,
        uids: [1, 2],
        cause: 'move',
        to: 'Trash',
        process: expect.any(String),
      },
    ])
  })

  test('has up to a thousand UIDs, or none', async () => {
    const uids = Array.from({ length: 1_000 }, (_, index) => index + 1)
    expect((await hintOf({ ...change, uids }))[1].uids).toEqual(uids)
    expect((await hintOf({ ...change, uids: [...uids, 1_001] }))[1]).not.toHaveProperty('uids')
    expect((await hintOf({ ...change, uids: [] }))[1].uids).toEqual([])
  })

  test('is published under the same name by one host, and under another by another', async () => {
    const publish = vi.fn<(topic: string, payload: unknown) => void>()
    await using one = await hostWith(publish)
    await using other = await hostWith(publish)
    for (const host of [one, one, other]) host.flow.retrieval.stored(change)
    const [first, again, third] = publish.mock.calls.map(([, hint]) => (hint as MailboxHint).process)
    expect(again).toBe(first)
    expect(third).not.toBe(first)
  })
})

describe('a notifier that fails', () => {
  test.each<[string, Notifier['publish']]>([
    [
      'throws',
      () => {
        throw new Error('no hints today')
      },
    ],
    ['rejects', (() => Promise.reject(new Error('no hints today'))) as Notifier['publish']],
  ])('and %s harms neither hooks nor history', async (_name, publish) => {
    await using host = await hostWith(publish)
    host.flow.retrieval.stored(change)
    await turns()
    expect(told).toHaveBeenCalledTimes(1)
    expect((await host.history({ id: 'q1' })).map(({ verb }) => verb)).toEqual(['stored'])
    expect(host.log.lines.filter(({ event }) => event === 'internal-error')).toMatchObject([
      { service: 'notifier', error: 'no hints today' },
    ])
  })

  test('and never answers holds nothing up', async () => {
    await using host = await hostWith((() => new Promise(() => undefined)) as Notifier['publish'])
    host.flow.retrieval.stored(change)
    await host.stop()
    expect(told).toHaveBeenCalledTimes(1)
  })
})

test("the core's own notifier tells a change to this process", async () => {
  const heard = vi.fn()
  const listener = definePlugin({
    name: 'listener',
    requires: [notifier],
    parseOptions: noOptions,
    setup: ({ use }) => ({ start: async () => void use(notifier).subscribe('mailbox:a1', heard) }),
  })
  await using host = await createTestHost({ plugins: [listener()] })
  host.flow.retrieval.stored(change)
  await turns()
  expect(heard).toHaveBeenCalledWith(expect.objectContaining({ mailbox: 'Junk', cause: 'move' }))
})
