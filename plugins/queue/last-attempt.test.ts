import { type Outcome, reply, wait } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { deliveredOutcome, mailboxFull } from '../../test/support/queue/queue-world-delivery.ts'

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

it('it comes though the time of the message ended while it was not its turn', async () => {
  const last: boolean[] = []
  const began = world.clock.now()
  world.delivery.on('jo@far.example', async (_, { isLast = false }): Promise<Outcome> => {
    last.push(isLast)
    if (isLast) return deliveredOutcome
    if (world.clock.now() - began > 27.5 * minute) await wait(world.clock, 3 * minute)
    const notYet = reply(451, '4.4.1', 'others wait for it')
    return { kind: 'deferred', reply: notYet, untried: true, retryAfter: minute }
  })
  const node = await world.node()
  await node.queue.accept(await mail({ to: ['jo@far.example'] }))
  await world.pass(34 * minute, 5_000)
  expect(last.indexOf(true)).toBe(last.length - 1)
  expect(world.reports.told).toEqual([])
  expect(await world.rows()).toBe(0)
})
