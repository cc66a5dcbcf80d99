import { accountsContract, fakeClock, seedAccounts } from 'mailwright/testing'
import { createMemoryAccounts } from './accounts.ts'

for (const [detailSeparator, cramMd5] of [
  ['+', false],
  ['', true],
] as const) {
  accountsContract({
    name: `memory-accounts with separator "${detailSeparator}"${cramMd5 ? ', with CRAM-MD5' : ''}`,
    async create(seed) {
      const clock = fakeClock()
      const accounts = createMemoryAccounts({ detailSeparator, cramMd5 }, clock)
      if (accounts.administration) await seedAccounts(accounts.administration, seed)
      return { accounts, clock, detailSeparator: detailSeparator === '' ? null : detailSeparator }
    },
  })
}
