import { faultyFileSystem, storeContract } from 'mailwright/testing'
import { unsyncedFiles } from '../../test/support/failing-files.ts'
import { createTestMaildir } from '../../test/support/maildir.ts'
import { nodeFileSystem } from './file-system.ts'
import { MaildirStore } from './maildir-store.ts'

for (const lineEnds of ['crlf', 'lf'] as const) {
  storeContract({
    name: `maildir with ${lineEnds}`,
    async create() {
      const others: MaildirStore[] = []
      const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
      const { store, account, options, retrieval, remove } = await createTestMaildir({
        lineEnds,
        files: fault.fileSystem,
      })
      return {
        store,
        account,
        reopen: async () => {
          const other = new MaildirStore(options)
          others.push(other)
          return other
        },
        announced: () => retrieval.changes,
        injectFault: (skip) => fault.fail({ skip }),
        async cleanup() {
          for (const each of others) await each.close()
          await remove()
        },
      }
    },
  })
}
