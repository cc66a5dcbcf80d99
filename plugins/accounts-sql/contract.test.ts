import { type AccountsSeed, accountsContract, fakeClock, seedAccounts } from 'mailwright/testing'
import { afterAll } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { startSqlAccounts } from '../../test/support/sql-accounts.ts'
import type { AccountsSqlInput } from './index.ts'

/** Databases with the seed; one for each kind of options, since every change is flushed to the disk. */
const seeded = new Map<AccountsSqlInput, Promise<DatabaseUnderTest>>()

function seededDatabase(seed: AccountsSeed, options: AccountsSqlInput): Promise<DatabaseUnderTest> {
  const known = seeded.get(options) ?? makeDatabase(seed, options)
  seeded.set(options, known)
  return known
}

async function makeDatabase(seed: AccountsSeed, options: AccountsSqlInput): Promise<DatabaseUnderTest> {
  const database = await databaseUnderTest()
  const system = await startSqlAccounts(database, { options })
  await seedAccounts(system.administration, seed)
  await system.stop()
  return database
}

afterAll(async () => {
  for (const database of seeded.values()) await (await database)[Symbol.asyncDispose]()
})

const kinds: readonly (readonly [name: string, options: AccountsSqlInput])[] = [
  ['accounts-sql', { cache: { checkEvery: 0 } }],
  [
    'accounts-sql without a cache, with SCRAM and CRAM-MD5',
    { cache: false, scram: { offer: true, iterations: 4096 }, cramMd5: { offer: true } },
  ],
]

for (const [name, options] of kinds) {
  accountsContract({
    name,
    async create(seed) {
      const database = await (await seededDatabase(seed, options)).copy()
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
