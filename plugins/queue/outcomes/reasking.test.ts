import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { deliveredOutcome, mailboxFull } from '../../../test/support/queue/queue-world-delivery.ts'

describe('asking again for the routes of', () => {
  let world: QueueWorld
  let node: QueueNode
  let command: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { lifetime: '2h', delayWarning: 0 } })
    node = await world.node()
    // It delivers what the other one does not hold.
    await world.node()
    command = await world.node({ serves: false })
    for (const domain of ['a.example', 'b.example', 'new.example'])
      world.delivery.on(`@${domain}`, deliveredOutcome)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: string): Promise<string> => {
    const submission = await mail({ to: [to] })
    await node.queue.accept(submission)
    await world.quiet()
    return submission.transaction.id
  }
  const deliveredTo = (): readonly string[] => world.delivery.delivered.map(({ to }) => to).sort()

  it('somebody who is being tried delivers once', async () => {
    const open = world.delivery.gate('a.example')
    const id = await accept('jo@a.example')
    expect(await command.queue.requeue({ id })).toBe(1)
    await world.pass(15_000)
    open()
    await world.pass(30_000)
    expect(deliveredTo()).toEqual(['jo@a.example'])
    expect(await world.rows()).toBe(0)
  })

  it('two of an alias of whom one is being tried loses neither, and doubles neither', async () => {
    world.delivery.on('@b.example', mailboxFull)
    const open = world.delivery.gate('a.example')
    const id = await accept('info@here.example: jo@a.example bob@b.example')
    world.delivery.routes('info@here.example', ['jo@a.example', 'bob@b.example'])
    world.delivery.on('@b.example', deliveredOutcome)
    expect(await command.queue.requeue({ id })).toBe(1)
    await world.pass(15_000)
    open()
    await world.pass(30_000)
    expect(deliveredTo()).toEqual(['bob@b.example', 'jo@a.example'])
    expect(await world.rows()).toBe(0)
  })

  it('two of an alias of whom one has it asks for the other alone', async () => {
    world.delivery.on('@b.example', mailboxFull)
    const id = await accept('info@here.example: jo@a.example bob@b.example')
    await world.pass(2_000)
    expect(deliveredTo()).toEqual(['jo@a.example'])
    world.delivery.routes('info@here.example', ['jo@a.example', 'bob@b.example'])
    world.delivery.routes('bob@b.example', ['rob@new.example'])
    expect(await command.queue.requeue({ id })).toBe(1)
    await world.pass(30_000)
    expect(deliveredTo()).toEqual(['jo@a.example', 'rob@new.example'])
    expect(await world.rows()).toBe(0)
  })
})
