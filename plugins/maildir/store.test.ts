import { faultyFileSystem, storeContract } from 'mailwright/testing'
import { unsyncedFiles } from '../../test/support/failing-files.ts'
import { createTestMaildir } from '../../test/support/maildir.ts'
import { nodeFileSystem } from './file-system.ts'
import { MaildirStore } from './maildir-store.ts'

for (const lineEnds of ['crlf', 'lf'] as const) {
  storeContract({
    name: `maildir with ${lineEnds}`,
    async create() {
      const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
      const { store, account, options, retrieval, remove } = await createTestMaildir({
        lineEnds,
        files: fault.fileSystem,
      })
      return {
        store,
        account,
        reopen: async () => new MaildirStore(options),
        announced: () => retrieval.changes,
        injectFault: (skip) => fault.fail({ skip }),
        cleanup: remove,
      }
    },
  })
}
