import { afterEach, describe, expect, test } from 'vitest'
import type { Hooks } from '../hooks/index.ts'
import { createMessage } from '../message/create-message.ts'
import type { Address } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { AccountRoute } from '../model/delivery.ts'
import { reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Queue, queue, type Submission } from '../services/queue.ts'
import { createTestHost, type TestHost } from '../testing/test-host.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const content = bufferContent(Buffer.from('Subject: hi\r\n\r\nbody\r\n'))

let host: TestHost | undefined
afterEach(() => host?.stop())

/** A host with a tap that is called `test/odd`, and where it led mail to. */
async function hostWith(odd: (hooks: Hooks) => void): Promise<{ readonly host: TestHost; to: string[] }> {
  const to: string[] = []
  const plugin = definePlugin({
    name: 'test',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      const accept = async ({ variants }: Submission) =>
        variants.flatMap(({ recipients }) =>
          recipients.map(({ forwardPath }) => {
            to.push(forwardPath.localPart)
            return { recipient: forwardPath, reply: reply(250, '2.0.0', 'Taken') }
          }),
        )
      provide(queue, { accept } as unknown as Queue)
      hooks.data.inspect.tap('score', async () => ({ test: 'test/score', score: 9, text: 'spam' }))
      odd(hooks)
      hooks.data.rewriteMessage.tap('more', async (edits) => [...edits, { kind: 'discard' }])
      hooks.envelope.claimRecipient.tap('all', async () => ({ reason: 'all' }))
      hooks.delivery.route.tap('all', async ({ address }) => ({ kind: 'remote', address }))
      hooks.delivery.deliver.tap('all', async ({ items }) =>
        items.map(({ filings }) => {
          to.push(...filings.map(({ mailbox }) => mailbox))
          return { kind: 'delivered', text: 'done' }
        }),
      )
      return undefined
    },
  })
  host = await createTestHost({ plugins: [plugin()] })
  return { host, to }
}

/** What plain JavaScript may do: nothing there is read-only. */
function change(value: unknown, how: (value: { [name: string]: never } & never[]) => void): undefined {
  how(value as never)
}

const failures = () =>
  (host?.log.lines ?? []).filter(({ event }) => event === 'hook-failed').map(({ tap }) => tap)

async function replyTo(local: Address): Promise<readonly (number | undefined)[]> {
  const mail = await host?.flow
    .openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '192.0.2.9', port: 999 },
    })
    .mail(at('sender'))
  if (mail?.ok !== true) return [mail?.reply.code]
  const { code } = await mail.transaction.recipient(local)
  const [answer] = code === 250 ? await mail.transaction.message(content) : []
  return [code, answer?.reply.code]
}

describe('a tap that changes what it was given', () => {
  test.each<[string, (hooks: Hooks) => void, readonly (number | undefined)[]]>([
    [
      'edits',
      ({ data }) =>
        data.rewriteMessage.tap('odd', async (edits) =>
          change(edits, (list) =>
            list.push({ kind: 'insert-field', name: 'X', value: 'v\r\nY: z' } as never),
          ),
        ),
      [250, 451],
    ],
    [
      'edits before anybody looks',
      ({ data }) =>
        data.prepareMessage.tap('odd', async (edits) => change(edits, (list) => list.push({} as never))),
      [250, 451],
    ],
    [
      'the list of findings',
      ({ data }) =>
        data.checkMessage.tap('odd', async (_, __, findings) =>
          change(findings, (list) => {
            list.length = 0
          }),
        ),
      [250, 451],
    ],
    [
      'a finding',
      ({ data }) =>
        data.checkMessage.tap('odd', async (_, __, [finding]) =>
          change(finding, (one) => {
            one.score = 0 as never
          }),
        ),
      [250, 451],
    ],
    [
      'recipients',
      ({ data }) =>
        data.checkMessage.tap('odd', async ({ recipients }) => change(recipients, (list) => list.pop())),
      [250, 451],
    ],
    [
      'the question where mail goes',
      ({ delivery }) =>
        delivery.route.tap('odd', async ({ address }) =>
          change(address, (asked) => {
            asked.localPart = 'jo2' as never
          }),
        ),
      [451, undefined],
    ],
    [
      'a recipient',
      ({ envelope }) =>
        envelope.checkRecipient.tap('odd', async (_, { forwardPath }) =>
          change(forwardPath, (asked) => {
            asked.localPart = 'jo2' as never
          }),
        ),
      [451, undefined],
    ],
    [
      'the sender',
      ({ envelope }) =>
        envelope.checkSender.tap('odd', async ({ reversePath }) =>
          change(reversePath, (sender) => {
            sender.localPart = 'jo2' as never
          }),
        ),
      [451],
    ],
  ])('has failed, and nothing is changed: %s', async (_, odd, replies) => {
    const { to } = await hostWith(odd)
    expect(await replyTo(at('jo'))).toEqual(replies)
    expect(failures()).toEqual(['test/odd'])
    expect(to).toEqual([])
  })

  test('has failed where it is what the tap before has answered', async () => {
    await hostWith(({ data }) => {
      data.rewriteMessage.tap('first', async (edits) => [...edits, { kind: 'quarantine', reason: 'spam' }])
      data.rewriteMessage.tap('odd', async ([edit]) =>
        change(edit, (one) => {
          one.reason = 7 as never
        }),
      )
    })
    expect(await replyTo(at('jo'))).toEqual([250, 451])
    expect(failures()).toEqual(['test/odd'])
  })

  test('does not change what it has answered', async () => {
    const edits: { kind: 'discard' }[] = []
    await hostWith(({ data }) => {
      data.rewriteMessage.tap('first', async () => edits)
      data.rewriteMessage.tap('second', async (before) => {
        edits.push({ kind: 'discard' })
        return before.length === 0 ? undefined : Promise.reject(new Error('changed'))
      })
    })
    expect((await replyTo(at('jo')))[1]).toBe(250)
    expect(failures()).toEqual([])
  })

  const route: AccountRoute = { kind: 'account', account: { id: 'a', address: at('a') }, address: at('a') }

  test.each<[string, (hooks: Hooks) => void]>([
    [
      'actions of sorting',
      ({ delivery }) =>
        delivery.sort.tap('odd', async ({ actions }) =>
          change(actions, (list) => {
            list.length = 0
          }),
        ),
    ],
    [
      'an action of sorting',
      ({ delivery }) =>
        delivery.sort.tap('odd', async ({ actions: [action] }) =>
          change(action, (one) => {
            one.mailbox = '../etc' as never
          }),
        ),
    ],
    [
      'items of a batch',
      ({ delivery }) =>
        delivery.deliver.tap('odd', async ({ items }) =>
          change(items, (list) => {
            list.length = 0
          }),
        ),
    ],
    [
      'filings of an item',
      ({ delivery }) =>
        delivery.deliver.tap('odd', async ({ items: [item] }) =>
          change(item?.filings, (list) => {
            list.length = 0
          }),
        ),
    ],
  ])('has failed, and the mail waits: %s', async (_, odd) => {
    const { host, to } = await hostWith(odd)
    const { signal } = new AbortController()
    const item = { recipient: at('a'), route, message: await createMessage(content) }
    const attempt = { id: 'q1', reversePath: null, items: [item], atomic: true, signal }
    const [outcome] = await host.flow.delivery.attempt(attempt)
    expect(outcome?.kind).toBe('deferred')
    expect(failures()).toEqual(['test/odd'])
    expect(to).toEqual([])
  })
})
