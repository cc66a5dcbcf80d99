import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { Lane } from './lane.ts'
import { loadLane } from './lane-loading.ts'
import { dueLanes, joinLanes, pauseLane, type Taker } from './lane-table.ts'

const now = 1_000_000_000_000
const destination = 'paced.example'
const health = { initial: 5, most: 20, firstPause: 1, longestPause: 1 }
const most = { most: 10, atOnce: 10 }

describe('a destination that is paused', () => {
  let base: DatabaseUnderTest
  let opened: OpenDatabase
  let lane: Lane
  const [worked, left] = [new Set<string>(), new Set<string>()]
  const taker: Taker = {
    owner: 'me',
    worksOn: (name) => worked.has(name),
    leaves: (name) => left.has(name),
  }
  const inTransaction: OpenDatabase['service']['transaction'] = (run) => opened.service.transaction(run)

  beforeEach(async () => {
    worked.clear()
    left.clear()
    base = await databaseUnderTest()
    opened = await openDatabase(base, queueMigrations)
    const [taken] = await inTransaction((knex) => joinLanes(knex, [destination], taker, now))
    if (taken === undefined) throw new Error('it was not taken')
    lane = new Lane(taken, health)
  })

  afterEach(async () => {
    await opened.close()
    await base[Symbol.asyncDispose]()
  })

  const pause = () =>
    inTransaction((knex) => pauseLane(knex, lane, 'me', { until: now + 1_000, last: undefined }))
  const load = () =>
    inTransaction((knex) => loadLane(knex, lane, 'me', { now, most: 10, isBusy: () => false }))
  const takenAtItsEnd = async () => {
    const { taken } = await inTransaction((knex) => dueLanes(knex, taker, now + 1_000, most))
    return taken.map((row) => row.destination)
  }

  it('is looked at at the end of the pause, also where its recipients were to be read meanwhile', async () => {
    await pause()
    expect(await load()).toMatchObject({ recipients: [] })
    expect(await takenAtItsEnd()).toEqual([destination])
  })

  it('for so short that its end is over when that is written is looked at as soon as it is known', async () => {
    left.add(destination)
    await pause()
    expect(await takenAtItsEnd()).toEqual([])
    left.clear()
    expect(await takenAtItsEnd()).toEqual([destination])
  })

  it('and was given up is not read for any more', async () => {
    lane.isOver = true
    expect(await load()).toBeUndefined()
    await pause()
    expect(await takenAtItsEnd()).toEqual([destination])
  })
})
