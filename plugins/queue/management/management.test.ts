import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAddress, type QueueSelection, readAll, reply } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
  unreachable,
} from '../../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('the postmaster', () => {
  let world: QueueWorld
  let node: QueueNode
  /** A process that only runs a command. */
  let command: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { lifetime: '2h', delayWarning: 0 } })
    node = await world.node()
    command = await world.node({ serves: false })
    for (const domain of ['far.example', 'near.example', 'here.example', 'list.example'])
      world.delivery.on(`@${domain}`, mailboxFull)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: readonly string[], from?: string): Promise<string> => {
    const submission = await mail({ to, ...(from === undefined ? {} : { from }) })
    expect((await node.queue.accept(submission)).every(({ reply }) => reply.code === 250)).toBe(true)
    await world.quiet()
    return submission.transaction.id
  }
  const ids = async (selection: QueueSelection): Promise<readonly string[]> =>
    (await command.queue.list(selection)).map(({ id }) => id)

  it('selects by sender, recipient, destination and state, or by their domains', async () => {
    const first = await accept(['Jo@far.example'], 'Anna@Origin.example')
    const second = await accept(['bob@near.example', 'jo@here.example'], '')
    const third = await accept(['x@list.example'], '"odd @ name"@origin.example')
    const all = [first, second, third]
    expect(await ids({})).toEqual(all)
    expect(await ids({ id: second })).toEqual([second])
    expect(await ids({ sender: 'ANNA@origin.example' })).toEqual([first])
    expect(await ids({ sender: '@origin.example' })).toEqual([first, third])
    expect(await ids({ sender: '"odd @ name"@origin.example' })).toEqual([third])
    expect(await ids({ sender: '<>' })).toEqual([second])
    expect(await ids({ recipient: 'jo@far.example' })).toEqual([first])
    expect(await ids({ recipient: '@near.example', sender: '<>' })).toEqual([second])
    expect(await ids({ recipient: '@near.example', sender: '@origin.example' })).toEqual([])
    expect(await ids({ destination: 'FAR.example' })).toEqual([first])
    expect(await ids({ destination: 'local' })).toEqual([second])
    expect(await ids({ destination: 'lists/post' })).toEqual([third])
    expect(await ids({ state: 'waiting' })).toEqual(all)
    expect(await ids({ state: 'active' })).toEqual([])
    await command.queue.hold({ id: third }, 'a look')
    expect(await ids({ state: 'held' })).toEqual([third])
    expect(await ids({ state: 'waiting' })).toEqual([first, second])
    expect((await command.queue.list({}, 2)).map(({ id }) => id)).toEqual([first, second])
    expect((await command.queue.show(third))?.reason).toBe('a look')
  })

  it('is answered for hostile selections as for others, by nothing', async () => {
    const id = await accept(['a_b@far.example', 'a%b@far.example'], 'under_score@origin.example')
    const hostile = [
      `${'x'.repeat(100_000)}@far.example`,
      '@%',
      '@_ar.example',
      '@far_example',
      "' OR 1=1 --",
      '"',
      '\0',
      '\\',
      '@!',
      '\u{1f600}@\u{1f600}',
      '\ud800',
      '__proto__',
    ]
    for (const text of hostile) {
      for (const selection of [{ sender: text }, { recipient: text }, { destination: text }]) {
        expect(await ids(selection), JSON.stringify(selection).slice(0, 80)).toEqual([])
        for (const change of ['flush', 'hold', 'release', 'remove', 'requeue', 'bounce'] as const)
          expect(await command.queue[change](selection)).toBe(0)
      }
      await expect(command.queue.bounce({ id: text })).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
      await expect(command.queue.message(text)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
    }
    expect(await ids({ recipient: 'a_b@far.example' })).toEqual([id])
    expect(await ids({ recipient: '@far.example' })).toEqual([id])
  })

  it('finds domains that have signs of patterns in them', async () => {
    await node.queue.accept(await mail({ to: ['jo@far.example'] }))
    await world.quiet()
    await world.database.query((knex) => knex('queue_recipients').update({ address: 'jo@a_b%c!d.example' }))
    expect(await ids({ recipient: '@a_b%c!d.example' })).toHaveLength(1)
    expect(await ids({ recipient: '@a-b%c!d.example' })).toHaveLength(0)
  })

  it('keeps long and odd addresses as they are', async () => {
    const longest = `${'x'.repeat(256)}@${'a.'.repeat(126)}abc`
    world.delivery.on(longest.slice(256), mailboxFull)
    const odd = [longest, '"a b\\"c"@far.example', 'j..o@far.example', 'jörg@far.example']
    const id = await accept(odd)
    expect((await command.queue.show(id))?.recipients.map(({ address }) => address)).toEqual(
      odd.map((text) => parseAddress(text)),
    )
    expect(await command.queue.remove({ recipient: '"a b\\"c"@far.example' })).toBe(1)
    expect(await command.queue.remove({ recipient: longest })).toBe(1)
    expect((await command.queue.show(id))?.recipientCount).toBe(2)
  })

  it('holds: nothing is tried, nobody told, it does not get older; and releases', async () => {
    const id = await accept(['jo@far.example', 'bob@near.example'])
    const expires = Number((await command.queue.show(id))?.expiresAt)
    await world.pass(30 * minute, 10_000)
    expect(await command.queue.hold({ recipient: 'jo@far.example' })).toBe(1)
    const tries = world.delivery.attempts.length
    await world.pass(180 * minute, 60_000)
    await world.pass(minute, 10_000)
    expect(world.delivery.attempts).toHaveLength(tries)
    expect(world.reports.told).toEqual([])
    expect(await command.queue.release({ recipient: 'bob@near.example' })).toBe(1)
    expect(Number((await command.queue.show(id))?.expiresAt) - expires).toBe(181 * minute)
    await world.pass(5_000)
    expect(world.delivery.attempts.length).toBe(tries + 2)
    expect(await ids({ state: 'held' })).toEqual([])
  })

  it('holds what is under way: what comes of it counts, but it is not tried again', async () => {
    world.delivery.on('@far.example', deliveredOutcome)
    world.delivery.on('full@far.example', mailboxFull)
    const open = world.delivery.gate('far.example')
    const id = await accept(['there@far.example', 'full@far.example'])
    await command.queue.hold({ id })
    open()
    await world.pass(60 * minute, 10_000)
    expect(world.delivery.attempts).toHaveLength(1)
    expect(await command.queue.show(id)).toMatchObject({
      state: 'held',
      recipientCount: 1,
      recipients: [{ attempts: 1 }],
    })
    world.delivery.on('full@far.example', deliveredOutcome)
    await command.queue.release({ id })
    await world.pass(5_000)
    expect(world.delivery.count('full@far.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('holds what waits in the memory of another process, within moments', async () => {
    const open = world.delivery.gate('far.example')
    world.delivery.on('@far.example', deliveredOutcome)
    const held: string[] = []
    for (let sent = 0; sent < 30; sent++)
      held.push(await accept([`user${sent}@far.example`], `s${sent}@o.example`))
    await world.pass(2_000)
    await command.queue.hold({ destination: 'far.example' })
    await world.pass(3_000)
    open()
    await world.pass(10_000)
    expect(world.delivery.delivered).toHaveLength(5)
    expect(await ids({ state: 'held' })).toHaveLength(25)
    await command.queue.release({})
    await world.pass(10_000)
    expect(new Set(world.delivery.delivered.map(({ to }) => to)).size).toBe(30)
    expect(world.delivery.delivered).toHaveLength(30)
  })

  it('flushes what waits for its time or for its destination, and nothing that is held', async () => {
    world.delivery.on('@dead.example', unreachable)
    await accept(['jo@far.example'])
    await accept(['jo@dead.example'])
    const held = await accept(['jo@near.example'])
    await command.queue.hold({ id: held })
    for (const domain of ['far.example', 'near.example', 'dead.example'])
      world.delivery.on(`@${domain}`, deliveredOutcome)
    expect(await command.queue.flush()).toBe(2)
    expect(await command.queue.flush({ id: held })).toBe(0)
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(['jo@dead.example', 'jo@far.example'])
  })

  it('sees what waits for a destination that is left alone as waiting, until that is tried again', async () => {
    world.delivery.on('@dead.example', unreachable)
    const id = await accept(['jo@dead.example'])
    for (let sent = 0; sent < 9; sent++) await accept([`user${sent}@dead.example`])
    const untried = await accept(['untried@dead.example'])
    const [dead] = (await command.queue.statistics()).destinations
    expect(dead?.pausedUntil).toBeInstanceOf(Date)
    expect(await ids({ state: 'active' })).toEqual([])
    expect(await ids({ state: 'waiting' })).toEqual(expect.arrayContaining([id, untried]))
    expect(await command.queue.show(untried)).toMatchObject({
      state: 'waiting',
      nextAttempt: dead?.pausedUntil,
      recipients: [{ attempts: 0, nextAttempt: dead?.pausedUntil }],
    })
  })

  it('asks again where something goes, as for a new message', async () => {
    const submission = await mail({ to: ['info@here.example: a@here.example b@here.example'] })
    await node.queue.accept(submission)
    await world.quiet()
    world.delivery.routes('info@here.example', ['c@new.example', 'd@new.example'])
    expect(await command.queue.requeue({ id: submission.transaction.id })).toBe(1)
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(['c@new.example', 'd@new.example'])
    expect(await world.rows()).toBe(0)
  })

  it('puts another recipient in one’s place', async () => {
    const id = await accept(['jo@far.example', 'bob@near.example'])
    const [from, to] = [addressOf('jo@far.example'), addressOf('anna@there.example')]
    await command.queue.redirect(id, from, to)
    await world.pass(3_000)
    expect(world.delivery.delivered.map((each) => each.to)).toEqual(['anna@there.example'])
    expect((await command.queue.show(id))?.recipients.map(({ address }) => address.localPart)).toEqual([
      'bob',
    ])
    await expect(command.queue.redirect(id, from, to)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
    world.delivery.routes('nobody@here.example', { ok: false, reply: reply(550, '5.1.1', 'No such user') })
    await expect(
      command.queue.redirect(id, addressOf('bob@near.example'), addressOf('nobody@here.example')),
    ).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
    await command.queue.hold({ id })
    await command.queue.redirect(id, addressOf('bob@near.example'), to)
    await world.pass(3_000)
    expect((await command.queue.show(id))?.state).toBe('held')
    expect(world.delivery.count('anna@there.example')).toBe(1)
  })

  it('removes without a word, also what is under way, which may then still arrive', async () => {
    const open = world.delivery.gate('dead.example')
    world.delivery.on('@dead.example', noSuchUser)
    const id = await accept(['jo@dead.example'])
    expect(await command.queue.remove({ id })).toBe(1)
    open()
    await world.pass(5_000)
    expect(world.delivery.count('sender@origin.example')).toBe(0)
    expect(await world.rows()).toBe(0)
    await expect(command.queue.remove({ id })).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })

  it('removes what is in a file with the file', async () => {
    await node.queue.accept(await mail({ to: ['jo@far.example'], size: 100_000 }))
    await expect.poll(() => world.files()).toHaveLength(1)
    await world.quiet()
    await command.queue.remove({})
    expect(await world.files()).toEqual([])
  })

  it('gives up with a word to the senders, each once, with what the last host said', async () => {
    const to = Array.from({ length: 1_100 }, (_, index) => `user${index}@far.example`)
    const began = world.clock.now()
    const id = await accept(to)
    const other = await accept(['jo@near.example'])
    world.clock.advance(1_000)
    expect(await command.queue.bounce({ id })).toBe(1)
    await world.pass(3_000)
    expect(new Set(world.reports.told).size).toBe(1_100)
    expect(world.reports.told).toHaveLength(1_100)
    expect(world.reports.reports[0]?.recipients[0]).toMatchObject({
      reply: { code: 452 },
      lastAttempt: began,
    })
    expect(await ids({})).toEqual([other])
    await expect(command.queue.bounce({ id })).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })

  describe('what is under way', () => {
    const there = addressOf('there@far.example')
    const full = addressOf('full@far.example')
    let open: () => void
    let id: string

    beforeEach(async () => {
      world.delivery.on('@far.example', deliveredOutcome)
      world.delivery.on('full@far.example', mailboxFull)
      open = world.delivery.gate('far.example')
      id = await accept(['there@far.example', 'full@far.example'])
    })

    it('is given up after that attempt, where it has not arrived', async () => {
      const waiting = Array.from({ length: 30 }, (_, index) => `user${index}@far.example`)
      for (const to of waiting) await accept([to], `${to.slice(0, -12)}@o.example`)
      expect(await command.queue.bounce({ destination: 'far.example' })).toBe(31)
      // Whoever asks twice, or does not know whether it was done, hears the same.
      expect(await command.queue.bounce({ id })).toBe(1)
      expect(await ids({ state: 'active' })).toHaveLength(31)
      expect(await ids({ state: 'held' })).toEqual([])
      expect(await command.queue.release({ id })).toBe(0)
      expect(await command.queue.flush({ id })).toBe(0)
      await world.pass(3_000)
      expect(world.reports.told).toEqual([])
      open()
      await world.pass(120_000)
      const arrived = world.delivery.delivered.filter(({ to }) => to.endsWith('@far.example'))
      // As many as were under way.
      expect(arrived).toHaveLength(5)
      const told = world.reports.told.filter((each) => each.endsWith('@far.example'))
      expect(told).toHaveLength(27)
      expect(told).toContain('failed full@far.example')
      expect(new Set([...told.map((each) => each.slice(7)), ...arrived.map(({ to }) => to)]).size).toBe(32)
      expect(world.delivery.attempts.filter((each) => each.id === id)).toHaveLength(1)
      expect(await world.rows()).toBe(0)
    })

    it('is given up at once where its process is gone', async () => {
      node.kill()
      await world.clock.advance(120_000)
      expect(await command.queue.bounce({ id })).toBe(1)
      expect(world.reports.told.toSorted()).toEqual(['failed full@far.example', 'failed there@far.example'])
    })

    it('is given up after that attempt where it is held meanwhile, too', async () => {
      await command.queue.hold({ id })
      expect(await command.queue.bounce({ id })).toBe(1)
      await world.pass(5_000)
      expect(world.reports.told).toEqual([])
      expect(await ids({ state: 'held' })).toEqual([])
      const item = await command.queue.show(id)
      expect([item?.state, item?.reason]).toEqual(['active', undefined])
      expect((await command.queue.statistics()).total).toMatchObject({ recipients: 2, held: 0 })
      open()
      await world.pass(120_000)
      expect(world.reports.told).toEqual(['failed full@far.example'])
      expect(world.delivery.count('there@far.example')).toBe(1)
      expect(await world.rows()).toBe(0)
    })

    it('is held with no word of an attempt where it only waited for its turn, or where the process is gone', async () => {
      const waiting: string[] = []
      for (let sent = 0; sent < 30; sent++)
        waiting.push(await accept([`${sent}@far.example`], `${sent}@o.example`))
      await command.queue.hold({})
      await world.pass(15_000)
      const tried = async (): Promise<number> =>
        (await command.queue.list()).flatMap((item) => item.recipients.filter((one) => one.stillTried)).length
      expect(await tried()).toBe(6)
      node.kill()
      world.clock.advance(120_000)
      await world.node()
      await world.quiet()
      expect(await tried()).toBe(0)
      expect(await command.queue.bounce({ id })).toBe(1)
      expect(world.reports.told.toSorted()).toEqual(['failed full@far.example', 'failed there@far.example'])
    })

    it('is held with no word of an attempt where its process would never say that it is over', async () => {
      // As a server of a version that does not know of it.
      await world.database.query((knex) => knex('queue_holders').update({ clears_tried: null }))
      await command.queue.hold({ id })
      const shown = (await command.queue.show(id))?.recipients ?? []
      expect(shown.filter(({ stillTried }) => stillTried)).toEqual([])
      expect(shown).toHaveLength(2)
      open()
      await world.pass(3_000)
      expect(world.delivery.count('there@far.example')).toBe(1)
    })

    it('gets no other recipient, until it is held', async () => {
      const to = addressOf('anna@there.example')
      await expect(command.queue.redirect(id, there, to)).rejects.toMatchObject({ code: 'MAIL_E_IN_USE' })
      await command.queue.hold({ id })
      await world.pass(20_000)
      expect(await command.queue.show(id)).toMatchObject({
        state: 'held',
        recipients: [{ stillTried: true }, { stillTried: true }],
      })
      await expect(command.queue.redirect(id, there, to)).rejects.toMatchObject({ code: 'MAIL_E_IN_USE' })
      open()
      await world.pass(3_000)
      expect((await command.queue.show(id))?.recipients[0]).not.toHaveProperty('stillTried')
      await expect(command.queue.redirect(id, there, to)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
      await command.queue.redirect(id, full, to)
      await command.queue.release({ id })
      await world.pass(3_000)
      expect(world.delivery.delivered.map((each) => each.to)).toEqual([
        'there@far.example',
        'anna@there.example',
      ])
    })
  })

  it('gives up what has lost its content, with a word to the sender', async () => {
    const large = await mail({ to: ['jo@far.example'], size: 300_000 })
    await node.queue.accept(large)
    const small = await accept(['bob@near.example'])
    for (const file of await world.files()) await truncate(join(world.folder, file), 1_000)
    await world.database.query((knex) => knex('queue_messages').update({ content: null }))
    expect(await command.queue.bounce({})).toBe(2)
    expect(world.reports.told.toSorted()).toEqual(['failed bob@near.example', 'failed jo@far.example'])
    for (const id of [large.transaction.id, small]) expect(await ids({ id })).toEqual([])
  })

  it('holds what is damaged, and says that nobody is told of it', async () => {
    const [damaged, other] = [await accept(['jo@far.example']), await accept(['bob@near.example'])]
    await world.database.query((knex) =>
      knex('queue_messages').where({ id: damaged }).update({ envelope: '{' }),
    )
    const untold: string[] = []
    expect(await command.queue.bounce({}, (id) => untold.push(id))).toBe(1)
    expect(untold).toEqual([damaged])
    expect(world.reports.told).toEqual(['failed bob@near.example'])
    expect(await ids({ id: other })).toEqual([])
    expect(await command.queue.show(damaged)).toMatchObject({
      state: 'held',
      recipients: [{ lastReply: { lines: ['Its row in the table is damaged'] } }],
    })
  })

  it('says of what was never tried that it was the postmaster', async () => {
    const submission = await mail({ to: ['jo@far.example'], quarantine: 'a look' })
    await node.queue.accept(submission)
    expect(await command.queue.bounce({})).toBe(1)
    expect(world.reports.reports[0]?.recipients).toMatchObject([
      { action: 'failed', cause: 'given-up', reply: { code: 550, enhanced: '5.0.0' } },
    ])
    expect(world.reports.reports[0]?.recipients[0]).not.toHaveProperty('lastAttempt')
  })

  it('sees the message as it would be sent, and keeps it from nobody', async () => {
    const submission = await mail({ to: ['jo@far.example'], size: 100_000 })
    await node.queue.accept(submission)
    const message = await command.queue.message(submission.transaction.id)
    expect((await readAll(message.content)).length).toBe(100_000)
  })

  it('sees what waits for which destination, by age', async () => {
    const began = world.clock.now()
    await accept(['a@far.example', 'b@far.example', 'c@near.example'])
    await world.pass(7 * minute, 10_000)
    await accept(['d@far.example'])
    await command.queue.hold({ recipient: 'd@far.example' })
    const { total, destinations } = await command.queue.statistics()
    expect(destinations.map(({ destination, recipients }) => [destination, recipients])).toEqual([
      ['far.example', 3],
      ['near.example', 1],
    ])
    expect(destinations[0]?.ages.slice(0, 3)).toEqual([1, 2, 0])
    expect(destinations[0]?.oldest).toBe(began)
    expect(total).toEqual({
      recipients: 4,
      held: 1,
      ages: [1, 3, 0, 0, 0, 0, 0, 0, 0, 0],
      oldest: began,
      destinations: 2,
      paused: 0,
    })
    const first = await command.queue.statistics(1)
    expect(first.destinations).toEqual(destinations.slice(0, 1))
    expect(first.total).toEqual(total)
  })

  it('is told where the database is away, and nothing is half done', async () => {
    const id = await accept(['jo@far.example'])
    const back = command.faults.fail({ times: Number.POSITIVE_INFINITY })
    for (const change of ['flush', 'hold', 'release', 'remove', 'requeue', 'bounce'] as const)
      await expect(command.queue[change]({ id })).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    back()
    expect(await command.queue.show(id)).toMatchObject({ state: 'waiting', recipientCount: 1 })
  })
})
