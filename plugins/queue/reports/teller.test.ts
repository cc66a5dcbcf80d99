import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail, type PlannedMail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
  unreachable,
} from '../../../test/support/queue/queue-world-delivery.ts'
import { leaseDuration } from '../lanes/holder-id.ts'
import { mostTogether } from './to-tell.ts'

const minute = 60_000

describe('what is told of a message with several recipients', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { lifetime: '2h', delayWarning: '30m', longestRetry: '40m', longestPause: '1h' },
    })
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: readonly string[], rest: Partial<PlannedMail> = {}): Promise<string> => {
    const submission = await mail({ to, ...rest })
    expect((await node.queue.accept(submission)).every((each) => each.reply.code === 250)).toBe(true)
    return submission.transaction.id
  }
  /** One at each of so many domains. */
  const spread = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => `jo@d${index}.example`)
  const fails = (...domains: readonly string[]): void => {
    for (const domain of domains) world.delivery.on(`@${domain}`, noSuchUser)
  }
  /** What each notification to a sender tells. */
  const notifications = (to = 'sender@origin.example'): readonly (readonly string[])[] =>
    world.delivery.delivered.filter((each) => each.to === to).map(({ tells }) => [...tells].sort())
  const reports = async (): Promise<number> => {
    const [row] = await world.database.query((knex) => knex('queue_reports').count({ count: '*' }))
    return Number(row?.count)
  }

  it('is one notification, for however many destinations', async () => {
    const to = spread(400)
    fails(...to.map((each) => each.slice(3)))
    await accept(to)
    await world.pass(10_000)
    expect(notifications()).toEqual([to.map((each) => `failed ${each}`).sort()])
    expect(await world.rows()).toBe(0)
  })

  it('is told under TLS where the message asked for that (RFC 8689 §5)', async () => {
    fails('far.example')
    const told = async (rest: Partial<PlannedMail>) => {
      world.delivery.attempts.length = 0
      await accept(['a@far.example', 'b@near.example'], {
        ...rest,
        parameters: { notify: ['SUCCESS', 'FAILURE'] },
      })
      await world.pass(minute)
      return world.delivery.attempts
        .filter(({ to }) => to.includes('sender@origin.example'))
        .map(({ requireTls }) => requireTls)
    }
    const required = await told({ mailParameters: { requireTls: true } })
    expect(required.length).toBeGreaterThan(0)
    expect(required).not.toContain(false)
    expect(await told({})).not.toContain(true)
  })

  it('is told at once, and noted nowhere, where one attempt was for all of them', async () => {
    fails('far.example')
    let noted = 0
    world.delivery.on('@origin.example', async () => {
      noted += await reports()
      return deliveredOutcome
    })
    await accept(['a@far.example'])
    await accept(['b@far.example', 'c@far.example'])
    await world.quiet()
    expect(notifications().toSorted()).toEqual([
      ['failed a@far.example'],
      ['failed b@far.example', 'failed c@far.example'],
    ])
    expect(noted).toBe(0)
  })

  it('waits for what is under way, and not for what waits', async () => {
    fails('a.example', 'b.example')
    world.delivery.on('@later.example', mailboxFull)
    world.delivery.on('@dead.example', unreachable)
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example', 'x@later.example', 'x@dead.example'])
    await world.pass(20_000)
    expect(notifications()).toEqual([])
    open()
    await world.pass(20_000)
    expect(notifications()).toEqual([['failed x@a.example', 'failed x@b.example']])
  })

  it('waits for no longer than a minute: of what comes later another one tells', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example'])
    await world.pass(59_000)
    expect(notifications()).toEqual([])
    await world.pass(2_000)
    expect(notifications()).toEqual([['failed x@a.example']])
    open()
    await world.pass(1_000)
    expect(notifications()).toEqual([['failed x@a.example'], ['failed x@b.example']])
    expect(await world.rows()).toBe(0)
  })

  it('is one warning and one failure where nobody could be reached, paused or not', async () => {
    const to = spread(60)
    for (const [index, each] of to.entries())
      world.delivery.on(`@${each.slice(3)}`, index % 2 === 0 ? unreachable : mailboxFull)
    await accept(to)
    await world.pass(35 * minute, 5_000)
    expect(notifications()).toEqual([to.map((each) => `delayed ${each}`).sort()])
    await world.pass(90 * minute, 5_000)
    expect(notifications().slice(1)).toEqual([to.map((each) => `failed ${each}`).sort()])
    expect(world.delivery.givenUp.toSorted()).toEqual(to.toSorted())
    expect(await world.rows()).toBe(0)
  })

  it('is several where there are very many', async () => {
    fails('many.example')
    const to = Array.from({ length: mostTogether + 100 }, (_, index) => `user${index}@many.example`)
    await accept(to)
    await world.pass(90_000, 5_000)
    const told = notifications()
    expect(told.map(({ length }) => length <= mostTogether)).toEqual([true, true])
    expect(new Set(told.flat()).size).toBe(to.length)
    expect(told.flat()).toHaveLength(to.length)
  })

  it('holds successes and failures apart from other messages and senders, and forgets nobody', async () => {
    fails('a.example', 'b.example')
    const wants = { parameters: { notify: ['SUCCESS', 'FAILURE'] as const } }
    await accept(['one@a.example', 'two@c.example', 'three@d.example'], {
      ...wants,
      from: 's1@origin.example',
    })
    await accept(['four@b.example', 'five@c.example'], { from: 's2@origin.example' })
    await world.pass(5_000)
    expect(notifications('s1@origin.example')).toEqual([
      ['delivered three@d.example', 'delivered two@c.example', 'failed one@a.example'],
    ])
    expect(notifications('s2@origin.example')).toEqual([['failed four@b.example']])
    expect(await world.rows()).toBe(0)
  })

  it('a loss without a return address is told of once, too', async () => {
    fails('a.example', 'b.example')
    await accept(['x@a.example', 'x@b.example'], { from: '' })
    await world.pass(5_000)
    expect(world.reports.reports).toHaveLength(1)
    expect(world.reports.reports[0]).toMatchObject({ reversePath: null, recipients: [{}, {}] })
    expect(await world.rows()).toBe(0)
  })

  it('the message is there until then, though nothing waits for it any more', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    const id = await accept(['x@a.example', 'x@b.example'], { size: 100_000 })
    await world.quiet()
    world.reports.fault = new TypeError('no notification can be made')
    open()
    await world.pass(3_000)
    const reporting = { id, state: 'reporting', recipients: [], recipientCount: 0, size: 100_000 }
    for (const selection of [{}, { id }, { state: 'reporting' as const }, { sender: '@origin.example' }])
      expect(await node.queue.list(selection), JSON.stringify(selection)).toMatchObject([reporting])
    for (const selection of [{ recipient: 'x@a.example' }, { state: 'waiting' as const }])
      expect(await node.queue.list(selection), JSON.stringify(selection)).toEqual([])
    expect(await node.queue.list({ state: 'reporting', recipient: 'x@a.example' })).toEqual([])
    expect(await node.queue.show(id)).toMatchObject(reporting)
    expect(await node.queue.remove({ state: 'reporting' })).toBe(0)
    expect(await world.files()).toHaveLength(1)
    expect(node.log.lines.some((line) => line.transaction === id)).toBe(true)
    fails('c.example')
    world.reports.fault = undefined
    await accept(['x@c.example', 'x@d.example'])
    await world.pass(2_000)
    expect(notifications()).toEqual([['failed x@c.example']])
    await world.pass(61 * minute, 10_000)
    expect(notifications()[1]).toEqual(['failed x@a.example', 'failed x@b.example'])
    expect(world.reports.reports.at(-1)?.message.size).toBe(100_000)
    expect(await world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it.each([1, 2, 3, 5])('in doubt whether it was written, nobody is told twice (%i times)', async (times) => {
    for (const skip of [0, 1, 2]) {
      fails('a.example', 'b.example')
      const open = world.delivery.gate('b.example')
      const from = `s${skip}@origin.example`
      await accept(['x@a.example', 'x@b.example'], { from })
      await world.pass(2_000)
      node.faults.fail({ call: 'transaction', when: 'after', times, skip })
      open()
      await world.pass(400_000, 5_000)
      expect(notifications(from).flat().toSorted()).toEqual(['failed x@a.example', 'failed x@b.example'])
    }
    expect(await world.rows()).toBe(0)
  })

  it('a process that is killed in between leaves it to others, who tell it once', async () => {
    fails('a.example', 'b.example')
    world.delivery.gate('b.example')
    const size = 300_000
    await accept(['x@a.example', 'x@b.example'], { size })
    await world.pass(2_000)
    expect(await reports()).toBe(1)
    node.kill()
    const others = [await world.node(), await world.node()]
    await world.pass(2 * leaseDuration, 5_000)
    expect(notifications()).toEqual([['failed x@a.example']])
    expect(world.reports.reports[0]?.message.size).toBe(size)
    world.delivery.releaseAll()
    await world.pass(2 * minute, 5_000)
    expect(notifications()).toEqual([['failed x@a.example'], ['failed x@b.example']])
    expect(await world.rows()).toBe(0)
    for (const { log } of others) expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('what a process has left behind that was killed is told at the start of the next', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example'])
    await world.pass(2_000)
    open()
    await world.quiet()
    expect(await reports()).toBe(2)
    node.kill()
    await world.node()
    await world.pass(2_000)
    expect(notifications()).toEqual([['failed x@a.example', 'failed x@b.example']])
    expect(await world.rows()).toBe(0)
  })

  it('a process that ends leaves nothing that is not told', async () => {
    fails('a.example')
    world.delivery.on('@b.example', mailboxFull)
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example'])
    await world.pass(2_000)
    expect(await reports()).toBe(1)
    const stopping = node.stop()
    await world.quiet()
    open()
    await stopping
    expect(await reports()).toBe(0)
    const { queue } = await world.node({ serves: false })
    expect((await queue.list()).map(({ reversePath }) => reversePath?.localPart)).toEqual([
      'sender',
      undefined,
    ])
  })

  it('two processes that deliver for the same messages tell of each once', async () => {
    const second = await world.node()
    const to = spread(40)
    fails(...to.map((each) => each.slice(3)))
    for (let sent = 0; sent < 20; sent++) {
      const some = to.filter((_, index) => (index + sent) % 4 === 0)
      const from = `s${sent}@origin.example`
      await (sent % 2 === 0 ? node : second).queue.accept(await mail({ to: some, from }))
    }
    await world.pass(2 * minute, 2_000)
    for (let sent = 0; sent < 20; sent++)
      expect(notifications(`s${sent}@origin.example`).flat()).toHaveLength(10)
    expect(world.delivery.delivered.length).toBeLessThan(40)
    expect(await world.rows()).toBe(0)
  })

  it('is told also where the message itself is lost', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example'], { size: 300_000 })
    await world.pass(2_000)
    for (const file of await world.files()) await rm(join(world.folder, file))
    await world.pass(2 * minute)
    expect(notifications()).toEqual([['failed x@a.example']])
    expect(world.reports.reports[0]?.message.size).toBe(2)
    open()
    await world.pass(1_000)
  })

  it('what cannot be read now keeps nothing else from being told', async () => {
    fails('a.example', 'b.example')
    world.delivery.gate('b.example')
    const folder = `${world.folder}-away`
    await accept(['x@a.example', 'x@b.example'], { size: 300_000 })
    await accept(['y@a.example', 'y@b.example'], { from: 's1@origin.example' })
    await world.pass(2_000)
    await rename(world.folder, folder)
    // Another one finds them when their time has come.
    node.kill()
    world.clock.advance(2 * leaseDuration)
    await world.node()
    await world.pass(2 * minute)
    expect(notifications('s1@origin.example')).toEqual([['failed y@a.example']])
    expect(notifications()).toEqual([])
    await rename(folder, world.folder)
    await world.pass(2 * minute)
    expect(notifications()).toEqual([['failed x@a.example']])
  })

  it('what is damaged in the table keeps nothing else from being told', async () => {
    fails('a.example', 'b.example', 'c.example')
    world.delivery.gate('b.example')
    await accept(['x@a.example', 'y@a.example', 'x@b.example'])
    await accept(['z@a.example', 'z@b.example'], { from: 's1@origin.example' })
    await accept(['x@c.example', 'x@b.example'], { from: 's2@origin.example' })
    await world.pass(2_000)
    await world.database.query(async (knex) => {
      const [first, , third] = await knex('queue_reports').orderBy('number').select('number', 'message')
      await knex('queue_reports').where({ number: first.number }).update({ report: '{"recipient":7}' })
      await knex('queue_messages').where({ number: third.message }).update({ envelope: '[' })
    })
    await world.pass(2 * minute)
    expect([notifications(), notifications('s1@origin.example'), notifications('s2@origin.example')]).toEqual(
      [[['failed y@a.example']], [], [['failed x@c.example']]],
    )
    expect(await reports()).toBe(1)
  })

  it('goes on after the database was away', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    await accept(['x@a.example', 'x@b.example'])
    await world.pass(2_000)
    const back = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    open()
    await world.pass(3 * minute, 5_000)
    back()
    await world.pass(2 * minute, 5_000)
    expect(notifications().flat().toSorted()).toEqual(['failed x@a.example', 'failed x@b.example'])
    expect(await world.rows()).toBe(0)
  })

  it('of what the postmaster removes nothing is told, of what failed before it is', async () => {
    fails('a.example', 'b.example')
    const open = world.delivery.gate('b.example')
    const id = await accept(['x@a.example', 'x@b.example'])
    await world.pass(2_000)
    expect(await node.queue.remove({ id })).toBe(1)
    await world.pass(2_000)
    expect(notifications()).toEqual([['failed x@a.example']])
    open()
    await world.pass(2 * minute, 5_000)
    expect(notifications()).toHaveLength(1)
    expect(await world.rows()).toBe(0)
  })

  it('what the postmaster gives up is one notification, by a process that only runs a command', async () => {
    const to = spread(700)
    for (const each of to) world.delivery.on(`@${each.slice(3)}`, mailboxFull)
    const id = await accept(to)
    await world.pass(3_000)
    const command = await world.node({ serves: false })
    expect(await command.queue.bounce({ id })).toBe(1)
    await world.pass(3_000)
    expect(notifications()).toEqual([to.map((each) => `failed ${each}`).sort()])
    expect(world.reports.reports[0]?.recipients[0]?.reply).toEqual(reply(452, '4.2.2', 'Mailbox full'))
    expect(await world.rows()).toBe(0)
  })
})
