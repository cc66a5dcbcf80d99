import { type AccountStore, accounts, definePlugin, noOptions, type StoreAbilities, store } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import { createSharedMemoryStore, memoryAccounts } from 'mailwright/plugins/memory'
import { createTestHost, overlay } from 'mailwright/testing'
import { ImapTestClient } from './imap-session.ts'

/** How a store in memory is made another one. */
export interface StoreAlteration {
  /** Abilities that it says it has, or has not. */
  readonly supports?: Partial<StoreAbilities>
  /** What it does otherwise with the mailboxes of an account. */
  readonly account?: (inner: AccountStore) => Partial<AccountStore>
}

/** A client that has logged in to a listener over an altered store, and others of the same account. */
export async function clientOverStore({
  supports = {},
  account = () => ({}),
}: StoreAlteration): Promise<
  { client: ImapTestClient; connect: () => Promise<ImapTestClient> } & AsyncDisposable
> {
  const altered = definePlugin({
    name: 'altered-store',
    provides: [store],
    requires: [accounts],
    parseOptions: noOptions,
    setup({ provide, use, flow, clock }) {
      const inner = createSharedMemoryStore(flow.retrieval, use(accounts), clock)
      provide(
        store,
        overlay(inner, {
          supports: { ...inner.supports, ...supports },
          async open(whose) {
            const opened = await inner.open(whose)
            return overlay(opened, account(opened))
          },
        }),
      )
      return undefined
    },
  })
  const host = await createTestHost({
    plugins: [
      memoryAccounts({ accounts: [{ address: 'ann@example.org', password: 'x' }] }),
      altered(),
      imap({ allowPlaintextLogin: true }),
    ],
  })
  const connect = async (): Promise<ImapTestClient> => {
    const client = new ImapTestClient(await host.connect('imap'))
    await client.response()
    await client.ok('LOGIN ann@example.org x')
    return client
  }
  return { client: await connect(), connect, [Symbol.asyncDispose]: () => host.stop() }
}
