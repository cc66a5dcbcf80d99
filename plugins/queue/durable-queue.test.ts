import { reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { mailboxFull, noSuchUser } from '../../test/support/queue/queue-world-delivery.ts'
import { largestInTable } from './intake/contents.ts'

const codes = (answers: readonly { reply: { code: number } }[]): number[] =>
  answers.map(({ reply }) => reply.code)

describe('what is accepted', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('is in the table before the answer and delivered after it, where it is for another host', async () => {
    const open = world.delivery.gate('far.example')
    const submission = await mail({ to: ['jo@far.example'] })
    expect(codes(await node.queue.accept(submission))).toEqual([250])
    const item = await node.queue.show(submission.transaction.id)
    expect(item).toMatchObject({ size: 100, recipientCount: 1, state: 'active' })
    expect(item?.recipients[0]).toMatchObject({ destination: 'far.example', attempts: 0 })
    open()
    await world.quiet()
    expect(world.delivery.delivered.map(({ to, from }) => [to, from])).toEqual([
      ['jo@far.example', 'sender@origin.example'],
    ])
    expect(await world.rows()).toBe(0)
  })

  it('is delivered before the answer into accounts, without a row', async () => {
    expect(codes(await node.queue.accept(await mail({ to: ['jo@here.example'] })))).toEqual([250])
    expect(world.delivery.count('jo@here.example')).toBe(1)
    expect(node.faults.calls.filter(({ name }) => name === 'transaction').length).toBeLessThan(6)
    expect(await world.rows()).toBe(0)
  })

  it('goes to accounts, hosts and handlers in one message, each with what is theirs', async () => {
    const submission = await mail(
      {
        to: ['jo@here.example', 'a@far.example'],
        from: 'one@origin.example',
        remoteFrom: 'srs@here.example',
      },
      { to: ['b@list.example'], from: '', size: 200 },
    )
    expect(codes(await node.queue.accept(submission))).toEqual([250, 250, 250])
    await world.quiet()
    const made = world.delivery.delivered.map(({ id, to, from, size }) => [id, to, from, size])
    const { id } = submission.transaction
    expect(made.sort()).toEqual([
      [id, 'a@far.example', 'srs@here.example', 100],
      [id, 'b@list.example', '', 200],
      [id, 'jo@here.example', 'one@origin.example', 100],
    ])
    expect(await world.rows()).toBe(0)
  })

  it('is in a file where it is large, which is gone in the end', async () => {
    const open = world.delivery.gate('far.example')
    const size = largestInTable + 1
    for (const each of [size, 400_000])
      expect(codes(await node.queue.accept(await mail({ to: ['jo@far.example'], size: each })))).toEqual([
        250,
      ])
    expect(await world.files()).toHaveLength(2)
    open()
    await world.quiet()
    await expect
      .poll(() => world.delivery.delivered.map((each) => String(each.size)).sort())
      .toEqual(['400000', String(size)])
    await expect.poll(() => world.files()).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it('is kept where an account cannot take it now, and answered for those who can', async () => {
    world.delivery.on('full@here.example', mailboxFull)
    const submission = await mail({ to: ['full@here.example', 'jo@here.example'] })
    expect(codes(await node.queue.accept(submission))).toEqual([250, 250])
    expect(world.delivery.count('jo@here.example')).toBe(1)
    expect(await node.queue.show(submission.transaction.id)).toMatchObject({
      state: 'waiting',
      recipientCount: 1,
      recipients: [{ destination: 'local', attempts: 1, lastReply: { code: 452 } }],
    })
  })

  it('is refused where nobody of all gets it, and told by a notification where others do', async () => {
    world.delivery.on('no@here.example', noSuchUser)
    expect(codes(await node.queue.accept(await mail({ to: ['no@here.example'] })))).toEqual([550])
    world.delivery.on('full@here.example', mailboxFull)
    const mixed = await mail({ to: ['no@here.example', 'full@here.example', 'jo@here.example'] })
    expect(codes(await node.queue.accept(mixed))).toEqual([250, 250, 250])
    await world.quiet()
    expect(world.reports.told).toEqual(['failed no@here.example'])
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    expect((await node.queue.list()).map(({ recipientCount }) => recipientCount)).toEqual([1])
    const withRemote = await mail({ to: ['no@here.example', 'a@far.example'] })
    expect(codes(await node.queue.accept(withRemote))).toEqual([250, 250])
    await world.quiet()
    expect(world.reports.told).toHaveLength(2)
  })

  it('leaves with a client of LMTP what cannot be delivered now', async () => {
    world.delivery.on('full@here.example', mailboxFull)
    world.delivery.on('no@here.example', noSuchUser)
    const to = ['full@here.example', 'no@here.example', 'jo@here.example', 'a@far.example']
    expect(codes(await node.queue.accept(await mail({ to, atomic: false })))).toEqual([452, 550, 250, 250])
    await world.quiet()
    expect(world.reports.told).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it('is tried at every route of an alias, and once only at those that had it', async () => {
    world.delivery.on('b@here.example', mailboxFull)
    const submission = await mail({ to: ['info@here.example: a@here.example b@here.example c@far.example'] })
    expect(codes(await node.queue.accept(submission))).toEqual([250])
    await world.quiet()
    world.delivery.on('b@here.example', { kind: 'delivered', text: 'there' })
    await node.queue.flush()
    await world.pass(3_000)
    expect(
      ['a@here.example', 'b@here.example', 'c@far.example'].map((one) => world.delivery.count(one)),
    ).toEqual([1, 1, 1])
    expect(await world.rows()).toBe(0)
  })

  it('is told of with what the host said', async () => {
    const said = reply(250, '2.0.0', 'queued as 1')
    const place = 'mx.end.example[192.0.2.9]:25'
    const outcome = { kind: 'delivered', text: 'there', reached: 'relayed', reply: said, place } as const
    world.delivery.on('@end.example', outcome)
    await node.queue.accept(await mail({ to: ['b@end.example'], parameters: { notify: ['SUCCESS'] } }))
    await world.quiet()
    expect(world.reports.reports[0]?.recipients).toMatchObject([{ reply: said, remotePlace: place }])
  })

  it('is told of where a success was asked for, but not what was passed on', async () => {
    const parameters = { notify: ['SUCCESS'] } as const
    world.delivery.on('@on.example', { kind: 'delivered', text: 'there', reached: 'passed-on' })
    world.delivery.on('@end.example', { kind: 'delivered', text: 'there', reached: 'relayed' })
    await node.queue.accept(
      await mail({ to: ['a@on.example', 'b@end.example', 'c@here.example'], parameters }),
    )
    await node.queue.accept(await mail({ to: ['a@on.example', 'b@end.example', 'c@here.example'] }))
    await world.quiet()
    expect(world.reports.told.sort()).toEqual(['delivered c@here.example', 'relayed b@end.example'])
    expect(world.delivery.count('sender@origin.example')).toBe(2)
    expect(await world.rows()).toBe(0)
  })

  describe('of an alias of several', () => {
    const parameters = { notify: ['SUCCESS', 'FAILURE'] } as const
    const notified: unknown[] = []

    beforeEach(() => {
      notified.length = 0
      for (const domain of ['ok.example', 'end.example', 'here.example'])
        world.delivery.on(`@${domain}`, (item) => {
          notified.push(item.parameters?.notify)
          return {
            kind: 'delivered',
            text: 'there',
            reached: domain === 'ok.example' ? 'passed-on' : 'relayed',
          }
        })
    })

    it.each([
      ['there and here', 'a@ok.example b@ok.example c@end.example me@here.example'],
      ['there', 'a@ok.example c@end.example'],
      ['here', 'a@here.example b@here.example'],
    ])('%s one success is told, and none asked for', async (_, targets) => {
      const to = [`multi@here.example: ${targets}`]
      expect(codes(await node.queue.accept(await mail({ to, parameters })))).toEqual([250])
      await world.quiet()
      expect(world.reports.told).toEqual(['expanded multi@here.example'])
      const [reported] = world.reports.reports[0]?.recipients ?? []
      expect(reported).toMatchObject({ finalRecipient: { localPart: 'multi' }, parameters })
      expect(notified).toEqual(targets.split(' ').map(() => ['FAILURE']))
      expect(await world.rows()).toBe(0)
    })

    it('a failure of one is told with nobody asking for more', async () => {
      world.delivery.on('b@ok.example', noSuchUser)
      const to = ['multi@here.example: a@ok.example b@ok.example']
      await node.queue.accept(await mail({ to, parameters: { notify: ['SUCCESS'] } }))
      await world.quiet()
      expect(notified).toEqual([['NEVER']])
      expect(world.reports.reports.map(({ recipients }) => recipients[0]?.parameters.notify)).toEqual([
        ['SUCCESS'],
        ['NEVER'],
      ])
    })

    it('nothing is told where all refuse', async () => {
      for (const name of ['a', 'b']) world.delivery.on(`${name}@here.example`, noSuchUser)
      const to = ['multi@here.example: a@here.example b@here.example']
      expect(codes(await node.queue.accept(await mail({ to, parameters })))).toEqual([550])
      expect(codes(await node.queue.accept(await mail({ to, parameters, atomic: false })))).toEqual([550])
      await world.quiet()
      expect(world.reports.told).toEqual([])
    })

    it('the same where the address has become one since it came', async () => {
      world.delivery.on('jo@later.example', mailboxFull)
      await node.queue.accept(await mail({ to: ['jo@later.example'], parameters }))
      await world.quiet()
      world.delivery.routes('jo@later.example', ['a@ok.example', 'c@end.example'])
      await node.queue.flush()
      await world.pass(3_000)
      expect(world.reports.told).toEqual(['expanded jo@later.example'])
      expect(notified).toEqual([['FAILURE'], ['FAILURE']])
      expect(await world.rows()).toBe(0)
    })
  })

  it('waits for the postmaster where it is to be kept apart, and goes out when released', async () => {
    const submission = await mail({ to: ['jo@here.example', 'a@far.example'], quarantine: 'it looks odd' })
    expect(codes(await node.queue.accept(submission))).toEqual([250, 250])
    const { id } = submission.transaction
    await world.pass(10 * 86_400_000, 86_400_000)
    await world.pass(20_000)
    expect(world.delivery.attempts).toEqual([])
    expect(await node.queue.show(id)).toMatchObject({ state: 'held', reason: 'it looks odd' })
    expect(await node.queue.release({ id })).toBe(1)
    await world.pass(3_000)
    expect(world.delivery.delivered.map(({ to, quarantine }) => [to, quarantine]).sort()).toEqual([
      ['a@far.example', undefined],
      ['jo@here.example', undefined],
    ])
    expect(world.reports.told).toEqual([])
  })

  it('is refused when the process has ended', async () => {
    const open = world.delivery.gate('here.example')
    const answering = node.queue.accept(await mail({ to: ['jo@here.example'] }))
    await world.quiet()
    const stopping = node.stop()
    await world.quiet()
    open()
    expect(codes(await answering)).toEqual([250])
    await stopping
    expect(codes(await node.queue.accept(await mail({ to: ['jo@here.example'] })))).toEqual([451])
  })
})

describe('what a plugin wants kept apart', () => {
  it('goes into Junk, also when it could not be delivered at first', async () => {
    await using world = await queueWorld(databaseUnderTest(), { options: { quarantine: 'junk' } })
    const node = await world.node()
    world.delivery.on('full@here.example', mailboxFull)
    await node.queue.accept(await mail({ to: ['jo@here.example', 'full@here.example'], quarantine: 'odd' }))
    world.delivery.on('full@here.example', { kind: 'delivered', text: 'there' })
    await node.queue.flush()
    await world.pass(3_000)
    expect(world.delivery.delivered.map(({ to, quarantine }) => [to, quarantine])).toEqual([
      ['jo@here.example', 'odd'],
      ['full@here.example', 'odd'],
    ])
  })
})

describe('where nobody tells senders', () => {
  it('keeps for the postmaster what was refused while others got it', async () => {
    await using world = await queueWorld(databaseUnderTest(), { silent: true })
    const node = await world.node()
    world.delivery.on('no@here.example', noSuchUser)
    expect(
      codes(await node.queue.accept(await mail({ to: ['no@here.example', 'jo@here.example'] }))),
    ).toEqual([250, 250])
    expect(codes(await node.queue.accept(await mail({ to: ['no@here.example'] })))).toEqual([550])
    const [item, ...others] = await node.queue.list()
    expect(others).toEqual([])
    expect(item).toMatchObject({ state: 'held', recipients: [{ lastReply: { code: 550 } }] })
    await expect(node.queue.bounce({})).rejects.toMatchObject({ code: 'MAIL_E_UNSUPPORTED' })
  })

  it('keeps for the postmaster what other hosts refuse, and what expires', async () => {
    await using world = await queueWorld(databaseUnderTest(), {
      silent: true,
      options: { lifetime: '10m', delayWarning: 0 },
    })
    const node = await world.node()
    world.delivery.on('no@far.example', noSuchUser)
    world.delivery.on('full@far.example', mailboxFull)
    expect(
      codes(await node.queue.accept(await mail({ to: ['no@far.example', 'full@far.example'] }))),
    ).toEqual([250, 250])
    await world.pass(20 * 60_000, 10_000)
    const [item] = await node.queue.list()
    expect(item).toMatchObject({ state: 'held', recipientCount: 2 })
    const tries = world.delivery.attempts.length
    await world.pass(20 * 60_000, 10_000)
    expect(world.delivery.attempts).toHaveLength(tries)
    expect(world.delivery.givenUp).toEqual(['full@far.example'])
    await node.queue.release({})
    await world.pass(3_000)
    expect(world.delivery.attempts.length).toBeGreaterThan(tries)
  })
})
