import { rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue-submission.ts'
import { type QueueWorld, queueWorld } from '../../test/support/queue-world.ts'
import { deliveredOutcome, waitsForTurn } from '../../test/support/queue-world-delivery.ts'

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
})
