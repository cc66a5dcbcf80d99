import { formatAddress } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  waitsForTurn,
} from '../../../test/support/queue/queue-world-delivery.ts'

describe('an attempt that goes on while its destination is paused', () => {
  let world: QueueWorld
  let node: QueueNode
  /** A process that only runs a command. */
  let command: QueueNode
  let tried: string
  let waiting: string
  let open: () => void
  const [slow, next, other] = ['slow@far.example', 'next@far.example', 'jo@there.example'].map(addressOf) as [
    ReturnType<typeof addressOf>,
    ReturnType<typeof addressOf>,
    ReturnType<typeof addressOf>,
  ]

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { delayWarning: 0 } })
    node = await world.node()
    command = await world.node({ serves: false })
    const gate = Promise.withResolvers<void>()
    world.delivery.on('slow@far.example', async () => {
      await gate.promise
      return deliveredOutcome
    })
    world.delivery.on('next@far.example', waitsForTurn(600_000))
    const accept = async (to: string): Promise<string> => {
      const submission = await mail({ to: [to] })
      await node.queue.accept(submission)
      await world.quiet()
      return submission.transaction.id
    }
    tried = await accept(formatAddress(slow))
    waiting = await accept(formatAddress(next))
    await world.pass(20_000)
    open = gate.resolve
  })

  afterEach(() => {
    open()
    return world[Symbol.asyncDispose]()
  })

  const ids = async (state: 'active' | 'waiting'): Promise<readonly string[]> =>
    (await command.queue.list({ state })).map(({ id }) => id)

  it('is seen as such, and what waits for it to be tried is not', async () => {
    expect(await ids('active')).toEqual([tried])
    expect(await ids('waiting')).toEqual([waiting])
    expect((await command.queue.show(tried))?.state).toBe('active')
    expect((await command.queue.show(waiting))?.state).toBe('waiting')
  })

  it('gets no other recipient; whoever waits does', async () => {
    await expect(command.queue.redirect(tried, slow, other)).rejects.toMatchObject({ code: 'MAIL_E_IN_USE' })
    await command.queue.redirect(waiting, next, other)
    open()
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ id, to }) => [id, to])).toEqual(
      expect.arrayContaining([
        [tried, 'slow@far.example'],
        [waiting, 'jo@there.example'],
      ]),
    )
    expect(world.delivery.delivered).toHaveLength(2)
    expect(await world.rows()).toBe(0)
  })

  it('that has failed is known to be over', async () => {
    world.delivery.on('slow@far.example', mailboxFull)
    open()
    await world.pass(10_000)
    expect(await ids('active')).toEqual([])
  })

  it('where its process is gone is over, too', async () => {
    node.kill()
    world.clock.advance(120_000)
    await world.node()
    await world.quiet()
    expect(await ids('active')).toEqual([])
    await command.queue.redirect(tried, slow, other)
  })

  it('is held as something that is still being tried', async () => {
    expect(await command.queue.hold({ id: tried })).toBe(1)
    await world.pass(20_000)
    expect(await command.queue.show(tried)).toMatchObject({
      state: 'held',
      recipients: [{ stillTried: true }],
    })
  })
})
