import { type AccountsSeed, accountsContract, fakeClock, seedAccounts } from 'mailwright/testing'
import { afterAll } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { startSqlAccounts } from '../../test/support/sql-accounts.ts'
import type { AccountsSqlInput } from './index.ts'

/** A database with the seed; made once, since every change is flushed to the disk. */
let seeded: Promise<DatabaseUnderTest> | undefined

async function seededDatabase(seed: AccountsSeed): Promise<DatabaseUnderTest> {
  const database = await databaseUnderTest()
  const system = await startSqlAccounts(database)
  await seedAccounts(system.administration, seed)
  await system.stop()
  return database
}

afterAll(async () => (await seeded)?.[Symbol.asyncDispose]())

const kinds: readonly (readonly [name: string, options: AccountsSqlInput])[] = [
  ['accounts-sql', { cache: { checkEvery: 0 } }],
  ['accounts-sql without a cache', { cache: false }],
]

for (const [name, options] of kinds) {
  accountsContract({
    name,
    async create(seed) {
      seeded ??= seededDatabase(seed)
      const database = await (await seeded).copy()
      const clock = fakeClock(Date.now())
      const first = await startSqlAccounts(database, { options, clock })
      const systems = [first]
      return {
        accounts: first.accounts,
        clock,
        async reopen() {
          const again = await startSqlAccounts(database, { options, clock })
          systems.push(again)
          return again.accounts
        },
        injectOutage: () => database.takeAway(),
        async cleanup() {
          for (const system of systems) await system.stop()
          await database[Symbol.asyncDispose]()
        },
      }
    },
  })
}
