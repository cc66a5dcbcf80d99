import type { Attempt, AttemptItem } from '../flow/flow.ts'
import type { Hooks } from '../hooks/index.ts'
import { createMessage } from '../message/create-message.ts'
import type { Account } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { Batch, Outcome, Route, SortAction } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import { type Reply, reply } from '../model/reply.ts'
import { definePlugin, noOptions } from '../plugin.ts'
import { type Queue, queue, type Submission } from '../services/queue.ts'
import { createTestHost, type TestHost } from './test-host.ts'

export const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const account = (id: string): Account => ({ id, address: at(id) })
export const message: Message = await createMessage(bufferContent(Buffer.from('Subject: hi\r\n\r\nbody\r\n')))
export const inbox: SortAction = { kind: 'file', mailbox: 'INBOX' }
export const delivered: Outcome = { kind: 'delivered', text: 'done' }
export const never: Extract<Outcome, { kind: 'failed' }> = {
  kind: 'failed',
  reply: reply(550, '5.1.1', 'No'),
}
export const later: Extract<Outcome, { kind: 'deferred' }> = {
  kind: 'deferred',
  reply: reply(452, '4.2.2', 'Full'),
}

export const into = (id: string): AttemptItem => ({
  recipient: at(id),
  route: { kind: 'account', account: account(id), address: at(id) },
  message,
})
export const away = (name: string): AttemptItem => ({
  recipient: at(name),
  route: { kind: 'remote', address: at(name) },
  message,
})
export const handled = (handler: string): AttemptItem => ({
  recipient: at('h'),
  route: { kind: 'handler', address: at('h'), handler },
  message,
})

export interface Parts {
  readonly taps?: (hooks: Hooks) => void
  /** What becomes of each item, by the local part of where it goes. */
  readonly outcome?: (name: string) => Outcome
  /** What sorting answers for an account. */
  readonly sort?: (id: string) => readonly SortAction[] | undefined
  /** What the queue answers to a message. */
  readonly taken?: Reply
}

interface Setup extends AsyncDisposable {
  readonly host: TestHost
  /** Each batch as `kind: where(mailboxes), …`. */
  readonly batches: readonly string[]
  readonly submissions: readonly Submission[]
}

function place(route: Route): string {
  return route.kind === 'account' ? route.account.id : route.address.localPart
}

export async function setUp({ taps, outcome = () => delivered, sort, taken }: Parts = {}): Promise<Setup> {
  const batches: string[] = []
  const submissions: Submission[] = []
  const deliver = async ({ kind, items }: Batch) => {
    const shown = items.map(
      ({ route, filings }) => `${place(route)}(${filings.map(({ mailbox }) => mailbox).join(' ')})`,
    )
    batches.push(`${kind}: ${shown.join(', ')}`)
    return items.map(({ route }) => outcome(place(route)))
  }
  const plugin = definePlugin({
    name: 'test',
    provides: [queue],
    parseOptions: noOptions,
    setup({ hooks, provide }) {
      const accept = async (submission: Submission) => {
        submissions.push(submission)
        return taken === undefined ? [] : [{ recipient: at('sender'), reply: taken }]
      }
      provide(queue, { accept } as unknown as Queue)
      taps?.(hooks)
      hooks.envelope.claimRecipient.tap('all', async () => ({ reason: 'all' }))
      hooks.delivery.route.tap('all', async ({ address }) =>
        address.localPart === 'nowhere'
          ? undefined
          : address.localPart.startsWith('local')
            ? { kind: 'account', account: account(address.localPart), address }
            : { kind: 'remote', address },
      )
      if (sort !== undefined)
        hooks.delivery.sort.tap('test', async (disposition) => {
          const actions = sort(disposition.route.account.id)
          return actions === undefined ? undefined : { ...disposition, actions }
        })
      hooks.delivery.deliver.tap('test', deliver)
      return undefined
    },
  })
  const host = await createTestHost({ plugins: [plugin()] })
  return { host, batches, submissions, [Symbol.asyncDispose]: () => host.stop() }
}

export function tried(
  { host }: Setup,
  items: readonly AttemptItem[],
  more: Partial<Attempt> = {},
): Promise<readonly Outcome[]> {
  const { signal } = new AbortController()
  return host.flow.delivery.attempt({
    id: 'q1',
    session: 's1',
    reversePath: at('sender'),
    items,
    atomic: false,
    signal,
    ...more,
  })
}

export const kinds = (outcomes: readonly Outcome[]): readonly Outcome['kind'][] =>
  outcomes.map(({ kind }) => kind)
