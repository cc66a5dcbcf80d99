import { chmod, rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { noSuchUser, unreachable } from '../../test/support/queue/queue-world-delivery.ts'

const codes = (answers: readonly { reply: { code: number } }[]): number[] =>
  answers.map(({ reply }) => reply.code)

describe('trouble at acceptance', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    node = await world.node()
    // So that it has numbers.
    await node.queue.accept(await mail({ to: ['first@far.example'] }))
    await world.quiet()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('without the database: 451, nothing is half written and no file left', async () => {
    const over = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    for (const size of [100, 100_000])
      expect(codes(await node.queue.accept(await mail({ to: ['jo@far.example'], size })))).toEqual([451])
    over()
    expect(await world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
    await world.pass(5_000)
    expect(world.delivery.count('jo@far.example')).toBe(0)
  })

  it('without a database that has just answered: 451, and no file is left when it is back', async () => {
    const large = () => mail({ to: ['jo@far.example'], size: 100_000 })
    expect(codes(await node.queue.accept(await large()))).toEqual([250])
    const over = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    expect(codes(await node.queue.accept(await large()))).toEqual([451])
    over()
    await world.pass(61_000)
    expect(world.delivery.count('jo@far.example')).toBe(1)
    await expect.poll(() => world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it('the database goes while a large one is written: no file is left when it is back', async () => {
    const over = node.faults.fail({ call: 'transaction', times: Number.POSITIVE_INFINITY })
    expect(codes(await node.queue.accept(await mail({ to: ['jo@far.example'], size: 100_000 })))).toEqual([
      451,
    ])
    over()
    await world.pass(61_000)
    await expect.poll(() => world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it('a commit without an answer is found to be done, and delivered once', async () => {
    const submission = await mail({ to: ['jo@far.example', 'anna@near.example'], size: 100_000 })
    node.faults.fail({ call: 'transaction', when: 'after' })
    expect(codes(await node.queue.accept(submission))).toEqual([250, 250])
    await world.pass(10_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual([
      'anna@near.example',
      'first@far.example',
      'jo@far.example',
    ])
    await expect.poll(() => world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it('a commit that was done, but never answered, is 451 and delivered whole all the same', async () => {
    const submission = await mail({ to: ['jo@far.example'], size: 100_000 })
    node.faults.fail({ call: 'transaction', when: 'after', times: 2 })
    expect(codes(await node.queue.accept(submission))).toEqual([451])
    await world.pass(5_000)
    await expect
      .poll(() => world.delivery.delivered.at(-1))
      .toMatchObject({ to: 'jo@far.example', size: 100_000 })
    await world.pass(61_000)
    expect(await world.rows()).toBe(0)
    await expect.poll(() => world.files()).toEqual([])
  })

  it('where files cannot be written, large ones are refused and small ones are not', async () => {
    await rmFolder(world)
    expect(codes(await node.queue.accept(await mail({ to: ['jo@far.example'], size: 100_000 })))).toEqual([
      451,
    ])
    expect(codes(await node.queue.accept(await mail({ to: ['jo@far.example'] })))).toEqual([250])
  })

  it('a notification that cannot be made leaves the recipient to the postmaster, and is not a second delivery', async () => {
    world.reports.fault = new TypeError('no notification can be made')
    world.delivery.on('no@here.example', noSuchUser)
    const submission = await mail({ to: ['no@here.example', 'jo@here.example'] })
    expect(codes(await node.queue.accept(submission))).toEqual([250, 250])
    expect(await node.queue.show(submission.transaction.id)).toMatchObject({
      state: 'held',
      recipientCount: 1,
    })
  })

  it('a dead destination holds up nobody who writes to it', async () => {
    world.delivery.on('@dead.example', unreachable)
    for (let sent = 0; sent < 10; sent++)
      expect(codes(await node.queue.accept(await mail({ to: ['jo@dead.example'] })))).toEqual([250])
    expect(await node.queue.list()).toHaveLength(10)
  })
})

/** Puts a file in the folder's place. */
async function rmFolder({ folder }: QueueWorld): Promise<void> {
  await rm(folder, { recursive: true })
  await writeFile(folder, '')
  await chmod(folder, 0o600)
}
