import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
} from '../../../test/support/queue/queue-world-delivery.ts'
import { leaseDuration, newHolderId } from './holder-id.ts'

describe('processes that share a queue', () => {
  let world: QueueWorld
  let one: QueueNode
  let other: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    one = await world.node()
    other = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (node: QueueNode, to: readonly string[]): Promise<string> => {
    const submission = await mail({ to })
    const answers = await node.queue.accept(submission)
    expect(answers.map(({ reply }) => reply.code)).toEqual(to.map(() => 250))
    return submission.transaction.id
  }
  const owners = async (): Promise<Record<string, string>> => {
    const rows = await world.database.query((knex) => knex('queue_lanes').select('destination', 'owner'))
    return Object.fromEntries(rows.map(({ destination, owner }) => [destination, owner]))
  }

  it('have each destination delivered to by one of them, whoever accepts', async () => {
    const open = world.delivery.gate('far.example')
    await accept(one, ['a@far.example'])
    const { 'far.example': owner } = await owners()
    await accept(other, ['b@far.example'])
    await world.pass(2_000)
    expect((await owners())['far.example']).toBe(owner)
    open()
    await world.pass(2_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(['a@far.example', 'b@far.example'])
  })

  it('one that was killed loses nothing: another takes over after the lease', async () => {
    world.delivery.gate('far.example')
    const id = await accept(one, ['a@far.example', 'b@near.example'])
    await world.quiet()
    one.kill()
    world.delivery.releaseAll()
    await world.pass(leaseDuration / 2, 5_000)
    expect((await other.queue.list()).map((item) => item.id)).toEqual([id])
    await world.pass(2 * leaseDuration, 5_000)
    // What was under way may have come twice: nobody heard of the first.
    expect(world.delivery.count('a@far.example')).toBeGreaterThanOrEqual(1)
    expect(world.delivery.count('b@near.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it.runIf(existsSync('/proc/self/ns/pid'))(
    'one of this machine that ended is followed in seconds',
    async () => {
      world.delivery.gate('far.example')
      await accept(one, ['a@far.example'])
      const { 'far.example': owner } = await owners()
      one.kill()
      world.delivery.releaseAll()
      const { pid } = spawnSync(process.execPath, ['--version'])
      const ended = newHolderId().replace(`:${process.pid}:`, `:${pid}:`)
      await world.database.query((knex) => knex('queue_holders').where({ id: owner }).update({ id: ended }))
      await world.database.query((knex) => knex('queue_lanes').where({ owner }).update({ owner: ended }))
      await world.pass(7_000)
      expect(await world.rows()).toBe(0)
      expect(world.delivery.count('a@far.example')).toBeGreaterThanOrEqual(1)
    },
  )

  it('one that stops leaves everything to the others at once', async () => {
    world.delivery.on('a@far.example', mailboxFull)
    await accept(one, ['a@far.example'])
    await world.quiet()
    world.delivery.on('a@far.example', deliveredOutcome)
    await one.stop()
    await world.pass(400_000, 10_000)
    expect(world.delivery.count('a@far.example')).toBe(1)
    expect(world.delivery.attempts.length).toBe(2)
  })

  it('one that stood still writes no deferral and no bounce when it wakes up, but what was delivered is', async () => {
    const open = world.delivery.gate('far.example')
    const to = ['there@far.example', 'full@far.example', 'no@far.example']
    const id = await accept(one, to)
    await world.quiet()
    const thaw = one.freeze()
    await world.pass(3 * leaseDuration, 5_000)
    expect(world.delivery.underWay.now).toBe(2)
    world.delivery.on('full@far.example', mailboxFull)
    world.delivery.on('no@far.example', noSuchUser)
    open()
    await world.quiet()
    thaw()
    await world.pass(20_000, 5_000)
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    const item = await other.queue.show(id)
    expect(item?.recipients.map(({ address, attempts }) => [address.localPart, attempts])).toEqual([
      ['full', 1],
    ])
  })

  it('one that stood still begins nothing of what others have by now', async () => {
    const open = world.delivery.gate('far.example')
    for (let sent = 0; sent < 12; sent++) await accept(one, [`user${sent}@far.example`])
    await world.quiet()
    const underWay = world.delivery.underWay.now
    const thaw = one.freeze()
    await world.pass(3 * leaseDuration, 5_000)
    open()
    await world.quiet()
    const before = world.delivery.attempts.length
    thaw()
    await world.pass(60_000, 5_000)
    expect(world.delivery.attempts).toHaveLength(before)
    const delivered = new Set(world.delivery.delivered.map(({ to }) => to))
    expect(delivered.size).toBe(12)
    expect(world.delivery.delivered.length).toBeLessThanOrEqual(12 + underWay)
    expect(await world.rows()).toBe(0)
  })

  it('one whose database was away takes its own destinations up again, and delivers nothing twice', async () => {
    const open = world.delivery.gate('far.example')
    for (let sent = 0; sent < 8; sent++) await accept(one, [`user${sent}@far.example`])
    await world.quiet()
    const back = [one, other].map(({ faults }) => faults.fail({ times: Number.POSITIVE_INFINITY }))
    await world.pass(20_000, 5_000)
    open()
    await world.pass(3 * leaseDuration, 5_000)
    for (const each of back) each()
    await world.pass(5 * leaseDuration, 5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(
      Array.from({ length: 8 }, (_, index) => `user${index}@far.example`),
    )
    expect(await world.rows()).toBe(0)
  })

  it('that fail to give a destination up look after it all the same', async () => {
    await accept(one, ['a@far.example'])
    await world.pass(5_000)
    const fault = one.faults.fail({ call: 'transaction', times: 6, skip: 1 })
    await world.pass(3_000)
    fault()
    await world.pass(400_000, 5_000)
    await accept(other, ['b@far.example'])
    await accept(one, ['c@far.example'])
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual([
      'a@far.example',
      'b@far.example',
      'c@far.example',
    ])
  })

  it('go on where one’s clock is set', async () => {
    world.clock.set(world.clock.now() + 3_600_000)
    await world.pass(20_000)
    await accept(one, ['a@far.example'])
    world.clock.set(world.clock.now() - 7_200_000)
    await world.pass(20_000)
    await accept(one, ['b@far.example'])
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['a@far.example', 'b@far.example'])
  })

  it('a process that only runs a command delivers nothing, and the others hear of what it keeps', async () => {
    const command = await world.node({ serves: false })
    await accept(command, ['a@far.example'])
    await world.pass(2_000)
    expect(world.delivery.count('a@far.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })
})
