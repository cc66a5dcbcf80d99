import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'

/** As many deliveries that hang as one sender may have, with two places. */
const share = 13

describe('a mailing whose deliveries hang', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { deliveries: 2, recipientsInMemory: 100 } })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const hang = async (domains: number): Promise<() => void> => {
    const gates = Array.from({ length: domains }, (_, index) => world.delivery.gate(`hung${index}.example`))
    const to = gates.map((_, index) => `jo@hung${index}.example`)
    await node.queue.accept(await mail({ to, from: 'news@origin.example' }))
    await world.pass(20_000)
    expect(world.delivery.underWay.now).toBe(Math.min(domains, share))
    return () => {
      for (const open of gates) open()
    }
  }
  const letter = (to: string) => mail({ to: [to], from: 'anna@origin.example' })

  it('leaves room in memory to others, and is delivered itself when it can be', async () => {
    node = await world.node()
    const open = await hang(150)
    await node.queue.accept(await letter('jo@quick.example'))
    await world.pass(3_000)
    expect(world.delivery.count('jo@quick.example')).toBe(1)
    // What comes to a destination that was left by it.
    for (let index = share; index < 150; index += 20)
      await node.queue.accept(await letter(`anna@hung${index}.example`))
    await world.pass(3_000)
    const begun = world.delivery.attempts.filter(({ to }) => to[0]?.startsWith('anna@'))
    expect(begun.length).toBeGreaterThan(0)
    open()
    await world.pass(30_000)
    expect(new Set(world.delivery.delivered.map(({ to }) => to)).size).toBe(158)
    expect(world.delivery.delivered).toHaveLength(158)
    expect(await world.rows()).toBe(0)
  })

  it('is not taken and left all together where memory is short', async () => {
    node = await world.node()
    const open = await hang(900)
    const fences = async (): Promise<Map<string, number>> => {
      const rows = await world.database.query((knex) => knex('queue_lanes').select('destination', 'fence'))
      return new Map(rows.map(({ destination, fence }) => [destination, Number(fence)]))
    }
    const taken: number[] = []
    for (let before = await fences(); taken.length < 20; ) {
      await world.pass(1_000)
      const now = await fences()
      taken.push([...now].filter(([destination, fence]) => before.get(destination) !== fence).length)
      before = now
    }
    expect(Math.max(...taken)).toBeGreaterThan(0)
    expect(Math.max(...taken)).toBeLessThanOrEqual(200)
    open()
  })

  it.each([80, 700])('and %i that wait elsewhere hide nobody else’s mail there', async (count) => {
    node = await world.node({ recipientsInMemory: 20_000 })
    const open = await hang(20)
    const to = Array.from({ length: count }, (_, index) => `jo${index}@quick.example`)
    await node.queue.accept(await mail({ to, from: 'news@origin.example' }))
    await world.pass(2_000)
    expect(world.delivery.delivered).toEqual([])
    const command = await world.node({ serves: false })
    await command.queue.accept(await letter('anna@quick.example'))
    await world.pass(4_000)
    expect(world.delivery.delivered.map((one) => one.to)).toEqual(['anna@quick.example'])
    open()
    await world.pass(30_000)
    expect(world.delivery.delivered).toHaveLength(count + 21)
  })
})
