import { accounts, classifier, definePlugin, type PluginFactory, queue, store } from 'mailwright'
import { limitSending, memoryAccountsOf, warnOfCramMd5 } from './accounts.ts'
import { createMemoryClassifier } from './classifier.ts'
import { type MemoryAccountsInput, type MemoryAccountsOptions, parseAccountsOptions } from './options.ts'
import { createMemoryQueue } from './queue.ts'
import { createSharedMemoryStore } from './store.ts'

export { createMemoryAccounts, memoryAccounts } from './accounts.ts'
export { createMemoryClassifier, memoryClassifier } from './classifier.ts'
export { createMemoryHistory, type MemoryHistoryOptions, memoryHistory } from './history.ts'
export type { AccountOption, AliasOption, MemoryAccountsInput } from './options.ts'
export { createMemoryQueue, memoryQueue } from './queue.ts'
export { createMemoryStore, createSharedMemoryStore, memoryStore } from './store.ts'

/** A whole system without a disk: accounts, store, queue and classifier in one; see README.md. */
const memory: PluginFactory<MemoryAccountsInput> = definePlugin<MemoryAccountsOptions, MemoryAccountsInput>({
  name: 'memory',
  provides: [accounts, store, queue, classifier],
  parseOptions: parseAccountsOptions,
  setup({ provide, hooks, flow, clock, log }, options) {
    const service = memoryAccountsOf(options, clock)
    provide(accounts, service)
    limitSending(hooks, service, clock)
    provide(store, createSharedMemoryStore(flow.retrieval, service, clock))
    provide(queue, createMemoryQueue(flow.delivery))
    provide(classifier, createMemoryClassifier())
    return { serve: () => warnOfCramMd5(options, log) }
  },
})

export default memory
