import { mkdir, open, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localError, readAll } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
  waitsForTurn,
} from '../../test/support/queue/queue-world-delivery.ts'
import { contentLost } from './intake/contents.ts'
import { never } from './tables/tables.ts'

const minute = 60_000

describe('messages that cannot be read now', () => {
  let world: QueueWorld

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { lifetime: '10m', delayWarning: 0 } })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('are neither tried nor given up nor held, however old, and are delivered afterwards', async () => {
    world.delivery.on('@paced.example', waitsForTurn(10_000, true))
    const before = await world.node()
    for (let sent = 0; sent < 50; sent++)
      await before.queue.accept(await mail({ to: [`user${sent}@paced.example`] }))
    await world.pass(12 * minute, 10_000)
    await before.stop()
    // What came a moment ago is in memory: another process has to read it.
    const { keeping, faults, log, queue } = await world.node()
    const back = faults.fail({ call: 'query', times: Number.POSITIVE_INFINITY })
    world.delivery.on('@paced.example', deliveredOutcome)
    const told = log.lines.length
    await world.pass(minute)
    expect(back()).toBe(true)
    expect(log.lines.slice(told).filter(({ transaction }) => transaction !== undefined).length).toBeLessThan(
      150,
    )
    expect(world.delivery.delivered).toEqual([])
    const items = await queue.list()
    expect(items).toHaveLength(50)
    expect(items.every(({ state, recipients }) => state !== 'held' && recipients[0]?.attempts === 0)).toBe(
      true,
    )
    await world.pass(minute)
    expect(world.delivery.delivered).toHaveLength(50)
    expect(world.reports.told).toEqual([])
    expect(await world.rows()).toBe(0)
    await keeping.stop()
  })

  it('hold nobody else up', async () => {
    const away = await world.node({ serves: false })
    await away.queue.accept(await mail({ to: ['large@there.example'], size: 300_000 }))
    for (let sent = 0; sent < 20; sent++)
      await away.queue.accept(await mail({ to: [`user${sent}@there.example`] }))
    const [name = ''] = await world.files()
    const [file, kept] = [join(world.folder, name), join(world.folder, 'kept')]
    await rename(file, kept)
    await symlink(file, file)
    const node = await world.node({ initialPerDestination: 1, perDestination: 1 })
    await world.pass(20_000)
    expect(world.delivery.delivered).toHaveLength(20)
    await world.pass(20 * minute, 10_000)
    expect(await node.queue.list()).toMatchObject([{ state: 'active', recipients: [{ attempts: 0 }] }])
    await rm(file)
    await rename(kept, file)
    await world.pass(10_000)
    expect(world.delivery.count('large@there.example')).toBe(1)
    expect(world.reports.told).toEqual([])
  })

  it('hold nobody up either where they are many, and are tried once each when they can be read', async () => {
    const away = await world.node({ serves: false })
    for (let sent = 0; sent < 20; sent++)
      await away.queue.accept(await mail({ to: [`large${sent}@there.example`], size: 300_000 }))
    await away.queue.accept(await mail({ to: ['small@there.example'] }))
    await rename(world.folder, `${world.folder}-away`)
    await symlink(world.folder, world.folder)
    const node = await world.node({ initialPerDestination: 1, perDestination: 1 })
    await world.pass(20_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['small@there.example'])
    await world.pass(20 * minute, 10_000)
    expect(await node.queue.list({ state: 'held' })).toEqual([])
    await rm(world.folder)
    await rename(`${world.folder}-away`, world.folder)
    // Each read takes what the machine lets it have.
    for (let tries = 0; tries < 10 && world.delivery.attempts.length < 21; tries++) await world.pass(minute)
    await world.pass(minute)
    expect(world.delivery.attempts).toHaveLength(21)
    expect(new Set(world.delivery.delivered.map(({ to }) => to)).size).toBe(21)
    expect(world.reports.told).toEqual([])
    expect(await world.rows()).toBe(0)
  })

  it.each([true, false])(
    'are not lost where their folder is not there (mount point: %s)',
    async (isMount) => {
      const away = await world.node({ serves: false })
      await away.queue.accept(await mail({ to: ['large@there.example'], size: 300_000 }))
      await rename(world.folder, `${world.folder}-away`)
      if (isMount) await mkdir(world.folder)
      const node = await world.node()
      await world.pass(20 * minute, 10_000)
      expect(await node.queue.list()).toMatchObject([{ state: 'active', recipients: [{ attempts: 0 }] }])
      const refused = await node.queue.accept(await mail({ to: ['other@there.example'], size: 300_000 }))
      expect(refused).toMatchObject([{ reply: { code: 451 } }])
      if (isMount) await rmdir(world.folder)
      await rename(`${world.folder}-away`, world.folder)
      await world.pass(10_000)
      expect(world.delivery.count('large@there.example')).toBe(1)
      expect(world.reports.told).toEqual([])
    },
  )

  it('keep nobody waiting who stops the server', async () => {
    const away = await world.node({ serves: false })
    await away.queue.accept(await mail({ to: ['large@there.example'], size: 300_000 }))
    await rename(world.folder, `${world.folder}-away`)
    await symlink(world.folder, world.folder)
    const node = await world.node()
    await world.pass(1_000)
    expect(node.log.lines.filter(({ transaction }) => transaction !== undefined)).toHaveLength(1)
    await node.stop()
    await rm(world.folder)
    await rename(`${world.folder}-away`, world.folder)
    await world.node()
    await world.pass(2_000)
    expect(world.delivery.count('large@there.example')).toBe(1)
  })

  it('are so, too, where their file can be opened but fails when it is read', async () => {
    const away = await world.node({ serves: false })
    await away.queue.accept(await mail({ to: ['large@there.example'], size: 300_000 }))
    const file = await open(join(world.folder, '..'))
    const broken = vi
      .spyOn(Object.getPrototypeOf(file), 'read')
      .mockRejectedValue(
        Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' }),
      )
    await file.close()
    const node = await world.node()
    await world.pass(20 * minute, 10_000)
    expect(broken).toHaveBeenCalled()
    broken.mockRestore()
    expect(await node.queue.list()).toMatchObject([{ state: 'active', recipients: [{ attempts: 0 }] }])
    await world.pass(10_000)
    expect(world.delivery.count('large@there.example')).toBe(1)
    expect(world.reports.told).toEqual([])
  })

  it('are so, too, where their file fails in the middle, and begin with no host again until it does not', async () => {
    const away = await world.node({ serves: false })
    await away.queue.accept(await mail({ to: ['large@there.example', 'no@there.example'], size: 300_000 }))
    let begun = 0
    world.delivery.on('no@there.example', noSuchUser)
    world.delivery.on('large@there.example', async ({ message }) => {
      begun++
      return readAll(message.content).then(
        () => deliveredOutcome,
        () => ({ kind: 'deferred', reply: localError }),
      )
    })
    const file = await open(join(world.folder, '..'))
    const prototype = Object.getPrototypeOf(file)
    const { read } = prototype
    const broken = vi.spyOn(prototype, 'read').mockImplementation(function (this: unknown, ...args) {
      if (Number(args[2]) + Number(args[3]) <= 65_536) return read.apply(this, args)
      return Promise.reject(
        Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }),
      )
    })
    await file.close()
    const node = await world.node()
    await world.pass(20 * minute, 10_000)
    broken.mockRestore()
    expect(begun).toBe(1)
    expect(await node.queue.list()).toMatchObject([{ recipientCount: 1, recipients: [{ attempts: 0 }] }])
    await world.pass(10_000)
    expect(world.delivery.count('large@there.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('are joined by those whose routes are asked for while the database is away', async () => {
    const { queue, faults } = await world.node()
    const lost = ['large@there.example', 'broken@there.example']
    world.delivery.on('@there.example', mailboxFull)
    for (const to of lost) await queue.accept(await mail({ to: [to], size: 300_000 }))
    await world.pass(9 * minute, 10_000)
    const before = world.delivery.attempts.length
    world.delivery.on('@there.example', deliveredOutcome)
    for (const to of lost) world.delivery.routes(to, { ok: false, reply: localError })
    const back = faults.fail({ call: 'query', times: Number.POSITIVE_INFINITY })
    await world.pass(100_000, 5_000)
    expect(back()).toBe(true)
    expect(world.delivery.attempts).toHaveLength(before)
    expect(world.reports.told).toEqual([])
    world.delivery.routes('large@there.example', ['large@there.example'])
    await world.pass(minute)
    expect(world.delivery.delivered.map(({ to }) => to)).toContain('large@there.example')
    // Where the database answers, it is something else that fails.
    expect(world.reports.told).toHaveLength(1)
  })

  describe('where their folder is away', () => {
    let node: QueueNode
    let id: string

    beforeEach(async () => {
      world.delivery.on('@far.example', mailboxFull)
      const before = await world.node()
      const large = await mail({ to: ['large@far.example'], size: 300_000 })
      id = large.transaction.id
      await before.queue.accept(large)
      for (const to of ['jo@far.example', 'anna@far.example'])
        await before.queue.accept(await mail({ to: [to] }))
      await world.pass(3_000)
      await before.stop()
      node = await world.node()
      await rename(world.folder, `${world.folder}-away`)
    })

    afterEach(() => rm(`${world.folder}-away`, { recursive: true, force: true }))

    it('nobody waits for a large notification, which is made when the folder is back', async () => {
      world.reports.size = 70_000
      world.delivery.on('no@small.example', noSuchUser)
      await node.queue.accept(await mail({ to: ['no@small.example'], size: 60_000 }))
      await world.pass(5_000)
      await node.queue.accept(await mail({ to: ['after@ok.example'] }))
      await world.pass(2 * minute)
      expect(world.delivery.count('after@ok.example')).toBe(1)
      await rename(`${world.folder}-away`, world.folder)
      await world.pass(minute)
      expect(world.delivery.delivered.flatMap(({ tells }) => tells)).toEqual(['failed no@small.example'])
    })

    it('all others are bounced, and these are told of when it is back', async () => {
      const untold: [string, string][] = []
      expect(await node.queue.bounce({}, (one, reason) => untold.push([one, reason]))).toBe(3)
      expect(untold).toEqual([[id, 'unread']])
      expect(world.reports.told.toSorted()).toEqual(['failed anna@far.example', 'failed jo@far.example'])
      await world.pass(minute)
      expect(world.reports.told).toHaveLength(2)
      await rename(`${world.folder}-away`, world.folder)
      await world.pass(minute)
      expect(world.reports.told).toContain('failed large@far.example')
      expect(await world.rows()).toBe(0)
    })

    it('for good, what was bounced is told of without its content an hour later', async () => {
      await node.queue.bounce({})
      await world.pass(59 * minute, 10_000)
      expect(world.reports.told).not.toContain('failed large@far.example')
      await world.pass(2 * minute, 10_000)
      expect(world.reports.told).toContain('failed large@far.example')
      expect(await world.rows()).toBe(0)
    })

    it('so are some of its recipients, though nobody else is given up', async () => {
      await rename(`${world.folder}-away`, world.folder)
      await node.queue.accept(await mail({ to: ['one@far.example', 'two@far.example'], size: 300_000 }))
      await world.pass(3_000)
      await node.stop()
      await rename(world.folder, `${world.folder}-away`)
      node = await world.node()
      await node.queue.bounce({ recipient: 'one@far.example' })
      await world.pass(130 * minute, 10_000)
      expect(world.reports.told).toContain('failed one@far.example')
      expect(world.reports.told).not.toContain('failed two@far.example')
    })

    it('large mail is taken as soon as all that was in it is held as lost', async () => {
      const large = async (): Promise<number | undefined> => {
        const [first] = await node.queue.accept(await mail({ to: ['new@ok.example'], size: 300_000 }))
        return first?.reply.code
      }
      expect(await large()).toBe(451)
      await world.database.query((knex) =>
        knex('queue_recipients')
          .whereIn('message', knex('queue_messages').where({ id }).select('number'))
          .update({
            due: never,
            deadline: never,
            last: JSON.stringify({ at: 0, reply: contentLost, held: false }),
          }),
      )
      expect(await large()).toBe(250)
      await world.pass(3_000)
      expect(world.delivery.count('new@ok.example')).toBe(1)
    })

    it('what is held as lost is bounced at once', async () => {
      await mkdir(world.folder)
      await writeFile(join(world.folder, '.mailwright.queue'), '')
      await node.queue.flush({ id })
      await world.pass(10_000)
      expect(await node.queue.show(id)).toMatchObject({ state: 'held' })
      await rm(world.folder, { recursive: true })
      expect(await node.queue.bounce({ id })).toBe(1)
      expect(world.reports.told).toEqual(['failed large@far.example'])
    })
  })
})
