import type { Outcome } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { mailboxFull } from '../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

let world: QueueWorld

beforeEach(async () => {
  world = await queueWorld(databaseUnderTest(), {
    options: { firstRetry: '5m', lifetime: '30m', delayWarning: 0 },
  })
})

afterEach(() => world[Symbol.asyncDispose]())

it('whoever delivers is told which attempt is the last one', async () => {
  const last: boolean[] = []
  world.delivery.on('jo@far.example', (_, { isLast = false }): Outcome => {
    last.push(isLast)
    return mailboxFull
  })
  const node = await world.node()
  await node.queue.accept(await mail({ to: ['jo@far.example'] }))
  await world.pass(32 * minute, 5_000)
  expect(world.reports.told).toEqual(['failed jo@far.example'])
  expect(last.length).toBeGreaterThan(2)
  expect(last.indexOf(true)).toBe(last.length - 1)
})
