import { memoryQueue } from 'mailwright/plugins/memory'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'

let host: TestHost
let world: QueueWorld
let node: QueueNode

beforeEach(async () => {
  host = await createTestHost({ plugins: [memoryQueue()] })
  world = await queueWorld(databaseUnderTest(), { metrics: host.host.instruments.metrics })
  node = await world.node()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await host.stop()
})

/** The value of a metric of the queue; of a histogram how many values it has, and their sum. */
async function measured(name: string): Promise<{ readonly value: number; readonly count: number }> {
  const families = await host.host.instruments.metrics.gather()
  const [sample] = families.find((family) => family.name === `mailwright_queue_${name}`)?.samples ?? []
  return { value: sample?.value ?? -1, count: sample?.counts?.reduce((sum, each) => sum + each) ?? 0 }
}

describe('a queue counts', () => {
  it('deliveries that are under way', async () => {
    expect((await measured('active_deliveries')).value).toBe(0)
    const open = world.delivery.gate('far.example')
    await node.queue.accept(await mail({ to: ['jo@far.example'] }))
    await node.queue.accept(await mail({ to: ['bob@far.example'] }))
    await world.quiet()
    expect((await measured('active_deliveries')).value).toBe(2)
    open()
    await world.quiet()
    expect((await measured('active_deliveries')).value).toBe(0)
  })

  it('commits and how many changes each has', async () => {
    const [commits, changes] = [await measured('commit_seconds'), await measured('commit_changes')]
    const open = world.delivery.gate('far.example')
    const mails = await Promise.all(Array.from({ length: 9 }, () => mail({ to: ['jo@far.example'] })))
    await Promise.all(mails.map((each) => node.queue.accept(each)))
    const grown = {
      commits: (await measured('commit_seconds')).count - commits.count,
      changes: (await measured('commit_changes')).value - changes.value,
    }
    expect(grown.changes).toBe(9)
    expect(grown.commits).toBeLessThan(9)
    open()
    await world.quiet()
  })

  it('files of large contents, also those that could not be written', async () => {
    const before = await measured('file_seconds')
    await node.queue.accept(await mail({ to: ['jo@far.example'], size: 1_000 }))
    expect((await measured('file_seconds')).count).toBe(before.count)
    await node.queue.accept(await mail({ to: ['jo@far.example'], size: 100_000 }))
    expect((await measured('file_seconds')).count).toBe(before.count + 1)
    await world.quiet()
  })

  it('messages that it could not take', async () => {
    const before = await measured('acceptance_failures_total')
    const back = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    const [answer] = await node.queue.accept(await mail({ to: ['jo@far.example'] }))
    expect(answer?.reply.code).toBe(451)
    back()
    await node.queue.accept(await mail({ to: ['jo@far.example'] }))
    expect((await measured('acceptance_failures_total')).value).toBe(before.value + 1)
    await world.quiet()
  })
})
