import { faultyFileSystem, storeContract } from 'mailwright/testing'
import { createTestMbox, unsyncedMboxFiles } from '../../test/support/stores/mbox.ts'
import { nodeFileSystem } from './file-system.ts'
import { MboxStore } from './mbox-store.ts'

// What a disk says when it fails, is full, or has no more to give to this process.
const errors = ['EIO', 'ENOSPC', 'EMFILE'] as const

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
      injectFault: (skip) => fault.fail({ skip, error: errors[skip % errors.length] ?? 'EIO' }),
      cleanup: remove,
    }
  },
})
