import { formatAddress, type QueueSelection, UnavailableError } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { mailboxFull } from '../../../test/support/queue/queue-world-delivery.ts'
import { queueMigrations } from '../tables/migrations.ts'

describe('an alias that leads to several', () => {
  let world: QueueWorld
  let node: QueueNode
  let id: string
  const [team, defer7, other] = ['team@here.example', 'defer7@far.example', 'jo@there.example'].map(
    addressOf,
  ) as [ReturnType<typeof addressOf>, ReturnType<typeof addressOf>, ReturnType<typeof addressOf>]

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    node = await world.node()
    world.delivery.on('@far.example', mailboxFull)
    const submission = await mail({
      to: ['team@here.example: defer7@far.example defer8@far.example', 'bob@far.example'],
    })
    id = submission.transaction.id
    await node.queue.accept(submission)
    await world.quiet()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const shown = async (): Promise<readonly string[]> =>
    ((await node.queue.show(id))?.recipients ?? []).map(({ address, target }) =>
      [address, ...(target === undefined ? [] : [target])].map(formatAddress).join(' '),
    )
  const finds = async (selection: QueueSelection): Promise<number> =>
    (await node.queue.list(selection)).length

  it('is shown with where it leads', async () => {
    expect(await shown()).toEqual([
      'team@here.example defer7@far.example',
      'team@here.example defer8@far.example',
      'bob@far.example',
    ])
  })

  it('is found by that, too', async () => {
    expect(await finds({ recipient: 'DEFER7@far.example' })).toBe(1)
    expect(await finds({ recipient: '@far.example' })).toBe(1)
    expect(await finds({ recipient: 'defer9@far.example' })).toBe(0)
    expect(await node.queue.remove({ recipient: 'defer8@far.example' })).toBe(1)
    expect(await shown()).toEqual(['team@here.example defer7@far.example', 'bob@far.example'])
  })

  it('has one of them redirected, never all by one', async () => {
    await expect(node.queue.redirect(id, team, other)).rejects.toMatchObject({
      code: 'MAIL_E_INVALID',
      message: expect.stringContaining('defer7@far.example, defer8@far.example'),
    })
    await node.queue.redirect(id, defer7, other)
    await world.pass(3_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['jo@there.example'])
    expect(await shown()).toEqual(['team@here.example defer8@far.example', 'bob@far.example'])
    await node.queue.redirect(id, team, other)
    await world.pass(3_000)
    expect(await shown()).toEqual(['bob@far.example'])
  })

  it('is redirected again where another one’s locks have undone it', async () => {
    const cause = Object.assign(new Error('deadlock'), { sqlState: '40001' })
    const error = new UnavailableError('undone', { cause })
    const hasStruck = node.faults.fail({ call: 'transaction', when: 'during', error })
    await node.queue.redirect(id, defer7, other)
    expect(hasStruck()).toBe(true)
    await world.pass(3_000)
    expect(world.delivery.count('jo@there.example')).toBe(1)
  })

  it.each(['hold', 'release'] as const)('is left alone by a redirection beside a %s', async (change) => {
    if (change === 'release') await node.queue.hold({ id })
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const route = world.delivery.route.bind(world.delivery)
    world.delivery.route = async (...question) => {
      asked.resolve()
      await answered.promise
      return route(...question)
    }
    const redirected = node.queue.redirect(id, defer7, other)
    const refused = expect(redirected).rejects.toMatchObject({ code: 'MAIL_E_IN_USE' })
    await asked.promise
    await node.queue[change]({ id })
    await world.quiet()
    // What was released waits for its destination, which is left alone.
    const paused = { paused_until: world.clock.now() + 1_000_000 }
    await world.database.query((knex) => knex('queue_lanes').update(paused))
    answered.resolve()
    await refused
    expect(await shown()).toContain('team@here.example defer7@far.example')
  })

  it('is found again where the tables are from before', async () => {
    await world.database.query((knex) => knex('queue_recipients').update({ target: null }))
    expect(await finds({ recipient: 'defer7@far.example' })).toBe(0)
    await world.database.transaction(async (knex) => {
      for (const { up } of queueMigrations) await up(knex)
    })
    expect(await finds({ recipient: 'defer7@far.example' })).toBe(1)
    expect(await finds({ recipient: 'bob@far.example' })).toBe(1)
  })

  it('is not led anywhere any more where it is asked for again', async () => {
    world.delivery.routes('team@here.example', ['defer9@far.example'])
    await node.queue.requeue({ id })
    await world.pass(3_000)
    expect(await finds({ recipient: 'defer7@far.example' })).toBe(0)
    expect(await finds({ recipient: 'defer9@far.example' })).toBe(1)
  })
})
