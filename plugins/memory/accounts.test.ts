import { accountsContract, seedAccounts } from 'mailwright/testing'
import { createMemoryAccounts } from './accounts.ts'
import { AccountsDirectory } from './accounts-directory.ts'

for (const detailSeparator of ['+', '']) {
  accountsContract({
    name: `memory-accounts with separator "${detailSeparator}"`,
    async create(seed) {
      const directory = new AccountsDirectory()
      const accounts = createMemoryAccounts(directory, detailSeparator)
      if (accounts.administration) await seedAccounts(accounts.administration, seed)
      return {
        accounts,
        detailSeparator: detailSeparator === '' ? null : detailSeparator,
        async disableProtocols(address, disabledProtocols) {
          const record = directory.requireRecord(address)
          directory.put({ ...record, account: { ...record.account, disabledProtocols } })
        },
      }
    },
  })
}
