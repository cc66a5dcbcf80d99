import { describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { runModel } from '../../test/support/queue/queue-model.ts'
import { type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'

const options = {
  firstRetry: '10s',
  longestRetry: '1m',
  longestPause: '1m',
  delayWarning: '2m',
  lifetime: '20m',
  notificationLifetime: '10m',
  deliveries: 10,
  recipientsInMemory: 100,
} as const

/** Queue ids of the notifications that tell something. */
function notificationsOf({ delivery }: QueueWorld, what: string): ReadonlySet<string> {
  return new Set(delivery.delivered.filter(({ tells }) => tells.includes(what)).map(({ id }) => id))
}

describe.each([false, true])('whatever happens (violent: %s)', (violent) => {
  it.each([1, 2])('everybody gets what was accepted, or is told (seed %i)', async (seed) => {
    await using world = await queueWorld(databaseUnderTest(), { options })
    const { accepted, bounceless, doubtful, steps } = await runModel(world, { seed, steps: 45, violent })
    const last = await world.node()
    for (let minutes = 0; minutes < 60 && (await world.rows()) > 0; minutes++) {
      if (minutes % 10 === 0) await last.queue.release({})
      await world.pass(60_000, 5_000)
    }
    const trail = steps.join(' ')
    expect(await last.queue.list(), trail).toEqual([])
    expect(await world.rows(), trail).toBe(0)
    const told = new Set(world.reports.told.filter((each) => each.startsWith('failed ')))
    for (const address of accepted) {
      const count = world.delivery.count(address)
      const isTold = told.has(`failed ${address}`)
      expect(count > 0 || isTold, `${address} was lost: ${trail}`).toBe(true)
      const notifications = notificationsOf(world, `failed ${address}`)
      // Delivered twice it may be, where a process was lost; made twice, never.
      expect(notifications.size, `${address} was told twice: ${trail}`).toBeLessThanOrEqual(1)
      expect(notificationsOf(world, `delayed ${address}`).size, `${address}: ${trail}`).toBeLessThanOrEqual(1)
      if (count === 0 && !bounceless.has(address))
        expect(notifications.size, `nobody was told of ${address}: ${trail}`).toBe(1)
      if (doubtful.has(address)) continue
      expect(count + Number(isTold), `${address}: ${trail}`).toBe(1)
    }
    // What a process that was killed has left goes after an hour, when that is looked for next.
    if (violent) await world.pass(7_500_000, 50_000)
    await world.pass(61_000, 5_000)
    await expect.poll(() => world.files()).toEqual([])
  })
})
