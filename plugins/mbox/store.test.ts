import { faultyFileSystem, storeContract } from 'mailwright/testing'
import { createTestMbox, unsyncedMboxFiles } from '../../test/support/mbox.ts'
import { nodeFileSystem } from './file-system.ts'
import { MboxStore } from './mbox-store.ts'

storeContract({
  name: 'mbox',
  async create() {
    const fault = faultyFileSystem(unsyncedMboxFiles(nodeFileSystem))
    const { store, account, options, retrieval, remove } = await createTestMbox({ files: fault.fileSystem })
    return {
      store,
      account,
      reopen: async () => new MboxStore(options),
      announced: () => retrieval.changes,
      injectFault: (skip) => fault.fail({ skip }),
      cleanup: remove,
    }
  },
})
