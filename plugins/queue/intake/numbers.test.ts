import { faultyDatabase } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { openDatabase } from '../../../test/support/queue/queue-database.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { Numbers } from './numbers.ts'

it('no number is given twice, by whatever process, at whatever time', async () => {
  await using base = await databaseUnderTest()
  const opened = [await openDatabase(base, queueMigrations), await openDatabase(base, queueMigrations)]
  try {
    const processes = opened.map(({ service }) => new Numbers(service, 10))
    const asked = Array.from({ length: 60 }, (_, each) => {
      const count = 1 + (each % 13)
      return processes[each % 2]?.take(count).then((first) => ({ first: first ?? 0, count }))
    })
    const given = (await Promise.all(asked)).flatMap((each) =>
      Array.from({ length: each?.count ?? 0 }, (_, index) => (each?.first ?? 0) + index),
    )
    expect(new Set(given).size).toBe(given.length)
    expect(Math.min(...given)).toBeGreaterThan(0)
  } finally {
    for (const each of opened) await each.close()
  }
})

it('where the database did not answer once, everybody gets one, and none twice', async () => {
  await using base = await databaseUnderTest()
  const opened = await openDatabase(base, queueMigrations)
  try {
    const faulty = faultyDatabase(opened.service)
    const [one, other] = [new Numbers(faulty.database, 10), new Numbers(opened.service, 10)]
    const hasStruck = faulty.fail({ when: 'after' })
    const given = [await one.take(10), await other.take(10), await one.take(10)]
    expect(hasStruck()).toBe(true)
    // Those of the block without an answer are lost.
    expect(given.map((first) => first - Number(given[0]))).toEqual([0, 10, 20])
  } finally {
    await opened.close()
  }
})

it('where the database is away, nobody gets one, and others do later', async () => {
  await using base = await databaseUnderTest()
  const opened = await openDatabase(base, queueMigrations)
  try {
    const faulty = faultyDatabase(opened.service)
    const numbers = new Numbers(faulty.database, 10)
    faulty.fail({ when: 'after', times: 2 })
    const failing = await Promise.allSettled([numbers.take(1), numbers.take(1)])
    expect(failing.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await numbers.take(2)) + 2).toBe(await numbers.take(1))
  } finally {
    await opened.close()
  }
})
