import type { Notifier } from 'mailwright'
import { capturedLog, fakeClock, faultyDatabase } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { openDatabase } from '../../../test/support/queue/queue-database.ts'
import { Changes } from './changes.ts'
import { queueMigrations } from './migrations.ts'

it('all processes hear of a change, by a hint at once, and without one by the table', async () => {
  await using base = await databaseUnderTest()
  const { service, close } = await openDatabase(base, queueMigrations)
  const [clock, log] = [fakeClock(), capturedLog()]
  const listeners = new Set<(payload: unknown) => void>()
  const notifier: Notifier = {
    publish: (_topic, payload) => {
      for (const each of listeners) each(payload)
    },
    subscribe: (_topic, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const faulty = faultyDatabase(service)
  const [hinted, looking] = [
    new Changes(service, notifier, { clock, log }),
    new Changes(faulty.database, undefined, { clock, log }),
  ]
  const heard = { hinted: 0, looking: 0 }
  try {
    await hinted.start(() => heard.hinted++)
    await looking.start(() => heard.looking++)
    const command = new Changes(service, notifier, { clock, log })
    await service.transaction((knex) => command.count(knex))
    command.announce()
    expect(heard).toEqual({ hinted: 1, looking: 0 })
    faulty.fail({})
    for (let times = 0; times < 3; times++) {
      clock.advance(2_000)
      await expect.poll(() => clock.waiting).toBe(2)
    }
    expect(heard.looking).toBe(1)
    await hinted.stop()
    await looking.stop()
    command.announce()
    clock.advance(60_000)
    expect([heard.looking, listeners.size, clock.waiting]).toEqual([1, 0, 0])
  } finally {
    await close()
  }
})
