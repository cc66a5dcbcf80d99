import {
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

/** The plugin `memory-store`. */
export const memoryStore: PluginFactory<NoOptions> = definePlugin({
  name: 'memory-store',
  provides: [storeKey],
  parseOptions: noOptions,
  setup({ provide, flow, clock }) {
    provide(storeKey, createMemoryStore(flow.retrieval, clock))
  },
})
