import { parseAddress } from 'mailwright'
import { recordedRetrieval, storeContract } from 'mailwright/testing'
import { createMemoryStore } from './store.ts'

storeContract({
  name: 'memory-store',
  async create() {
    const retrieval = recordedRetrieval()
    const address = parseAddress('jo@example.org')
    if (address === undefined) throw new TypeError('not an address')
    return {
      store: createMemoryStore(retrieval),
      account: { id: '1', address },
      announced: () => retrieval.changes,
    }
  },
})
