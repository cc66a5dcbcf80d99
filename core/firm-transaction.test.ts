import { describe, expect, test } from 'vitest'
import { UnavailableError } from './errors.ts'
import { firmTransaction } from './firm-transaction.ts'
import type { Database } from './services/database.ts'
import { faultyDatabase } from './testing/index.ts'

const real: Database = {
  dialect: 'sqlite',
  query: (run) => run(undefined as never),
  transaction: (run) => run(undefined as never),
}
const deadlock = new UnavailableError('undone', {
  cause: Object.assign(new Error('deadlock'), { sqlState: '40001' }),
})

/** What each run of a transaction was told. */
async function toldWith(
  ...faults: Parameters<typeof faultyDatabase>[1] & object
): Promise<readonly boolean[]> {
  const { database } = faultyDatabase(real, faults)
  const told: boolean[] = []
  await firmTransaction(database, async (_, mayBeMade) => void told.push(mayBeMade))
  return told
}

describe('a transaction that is made again is told that it may be made already', () => {
  test('where its commit got no answer', async () => {
    expect(await toldWith({ when: 'after' })).toEqual([false, true])
  })

  test('also after another one’s locks have undone the second one', async () => {
    expect(await toldWith({ when: 'after' }, { when: 'during', error: deadlock })).toEqual([
      false,
      true,
      true,
    ])
    expect(await toldWith({ when: 'during', error: deadlock }, { when: 'after' })).toEqual([
      false,
      false,
      true,
    ])
  })

  test('but not where it was undone, or broke off', async () => {
    expect(await toldWith({ when: 'during', error: deadlock, times: 2 })).toEqual([false, false, false])
    const told: boolean[] = []
    await firmTransaction(real, async (_, mayBeMade) => {
      told.push(mayBeMade)
      if (told.length === 1) throw new UnavailableError('no answer')
    })
    expect(told).toEqual([false, false])
  })
})
