import { accountsContract, fakeClock, seedAccounts } from 'mailwright/testing'
import { createMemoryAccounts } from './accounts.ts'

for (const detailSeparator of ['+', '']) {
  accountsContract({
    name: `memory-accounts with separator "${detailSeparator}"`,
    async create(seed) {
      const clock = fakeClock()
      const accounts = createMemoryAccounts({ detailSeparator }, clock)
      if (accounts.administration) await seedAccounts(accounts.administration, seed)
      return { accounts, clock, detailSeparator: detailSeparator === '' ? null : detailSeparator }
    },
  })
}
