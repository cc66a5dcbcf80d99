import { type FaultyDatabase, fakeClock, faultyDatabase } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { DueLooks } from './due-looks.ts'

let world: QueueWorld
let faults: FaultyDatabase
let looks: DueLooks

beforeEach(async () => {
  world = await queueWorld(databaseUnderTest())
  faults = faultyDatabase(world.database)
  looks = new DueLooks({ database: faults.database, clock: fakeClock(Date.now()) })
})

afterEach(() => world[Symbol.asyncDispose]())

/** What a look finds of those that this process works on. */
async function look(): Promise<readonly string[]> {
  const taker = { owner: 'me', worksOn: () => true, leaves: () => false }
  const { own } = await looks.look(taker, { most: 10, atOnce: 10 })
  return own
}

it('what is doubted while a look is under way is looked at again', async () => {
  looks.doubt(['far.example'])
  const first = look()
  looks.doubt(['far.example'])
  expect(await first).toEqual(['far.example'])
  expect(await look()).toEqual(['far.example'])
  expect(await look()).toEqual([])
})

it('what a look without an answer was for is looked at again', async () => {
  looks.doubt(['far.example'])
  const takeBack = faults.fail({ call: 'transaction', when: 'before', times: 10 })
  await expect(look()).rejects.toThrow()
  takeBack()
  expect(await look()).toEqual(['far.example'])
})
