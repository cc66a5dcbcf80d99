import {
  type Accounts,
  accounts as accountsKey,
  type Clock,
  definePlugin,
  type NoOptions,
  noOptions,
  type PluginFactory,
  type RetrievalFlow,
  type Store,
  store as storeKey,
  systemClock,
} from 'mailwright'
import { guardedStore, MemoryAccessLists } from 'mailwright/rights'
import { AccountData, type Numbering } from './account-data.ts'
import { MemoryAccountStore } from './account-store.ts'

/** A `store` that keeps everything in memory: complete, and gone with the process. */
export function createMemoryStore(flow: RetrievalFlow, clock: Clock = systemClock): Store {
  const accounts = new Map<string, AccountData>()
  const numbering = createNumbering(clock)
  return {
    supports: {
      mailboxes: true,
      flags: true,
      keywords: true,
      modSequences: true,
      persistent: false,
      shared: false,
      subscriptions: true,
      metadata: true,
      rights: false,
    },
    async open(account) {
      const data = accounts.get(account.id) ?? new AccountData(numbering)
      accounts.set(account.id, data)
      return new MemoryAccountStore(account, data, { flow, clock })
    },
    // Every change is one step, so there is nothing to find.
    examine: async () => [],
  }
}

// The next process starts above what this one gave out, so that clients do not take new messages for old ones.
function createNumbering(clock: Clock): Numbering {
  let lastUidValidity = 0
  let lastId = 0
  return {
    nextUidValidity() {
      lastUidValidity = Math.max(lastUidValidity + 1, Math.floor(clock.now() / 1000))
      return lastUidValidity
    },
    nextId: () => `m${++lastId}`,
  }
}

/**
 * The same with mailboxes that can be opened to others: the owner of one is found by its id, and so is whom its list speaks
 * of, or by an address where `accounts` can.
 */
export function createSharedMemoryStore(
  flow: RetrievalFlow,
  accounts: Pick<Accounts, 'byId'> & Partial<Pick<Accounts, 'resolve'>>,
  clock: Clock = systemClock,
): Store {
  return guardedStore(createMemoryStore(flow, clock), {
    lists: new MemoryAccessLists(),
    accountById: (id) => accounts.byId(id),
    ...(accounts.resolve && { resolve: accounts.resolve.bind(accounts) }),
  })
}

/** The plugin `memory-store`. */
export const memoryStore: PluginFactory<NoOptions> = definePlugin({
  name: 'memory-store',
  provides: [storeKey],
  optional: [accountsKey],
  parseOptions: noOptions,
  setup({ provide, useOptional, flow, clock }) {
    const accounts = useOptional(accountsKey)
    provide(
      storeKey,
      accounts === undefined
        ? createMemoryStore(flow.retrieval, clock)
        : createSharedMemoryStore(flow.retrieval, accounts, clock),
    )
  },
})
