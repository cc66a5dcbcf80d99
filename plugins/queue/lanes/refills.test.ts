import type { Database } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import type { Holder } from './holder.ts'
import type { Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Refills } from './refills.ts'

const health = { initial: 5, most: 20, firstPause: 1, longestPause: 1 }
const nothing = [{ recipients: [], damaged: [], more: false }]

/** A destination whose line is being filled, from a table that answers when it is told to. */
function world(): { lane: Lane; lanes: Lanes; refills: Refills; looks: PromiseWithResolvers<unknown>[] } {
  const looks: PromiseWithResolvers<unknown>[] = []
  const transaction = () => {
    const look = Promise.withResolvers<unknown>()
    looks.push(look)
    return look.promise
  }
  const database = { dialect: 'sqlite', transaction } as unknown as Database
  const holder = { id: 'me', isAlive: true } as Holder
  const lanes = new Lanes({ health, recipientsInMemory: 100 })
  const refills = new Refills(
    { database, holder, lanes, clock: fakeClock(), log: capturedLog(), mayTake: () => true },
    () => undefined,
  )
  const rest = { due: 0, paused_until: 0, pauses: 0, moving: null, last: null, isNew: false }
  const lane = lanes.open({ destination: 'far.example', fence: 1, owner: '', ...rest }, 'me', 0)
  refills.refill(lane)
  return { lane, lanes, refills, looks }
}

/** All that goes on without the table. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a line that is being filled while somebody changes what waits', () => {
  it('is filled again at once, and once only', async () => {
    const { lane, lanes, refills, looks } = world()
    await settle()
    lanes.forget(lane)
    refills.refill(lane)
    await settle()
    expect(looks).toHaveLength(1)
    looks[0]?.resolve(nothing)
    await expect.poll(() => looks.length, { timeout: 20_000 }).toBe(2)
    looks[1]?.resolve(nothing)
    await settle()
    expect([looks.length, lane.more, lane.loading]).toEqual([2, false, false])
  })

  it('is filled again also where the table did not answer', async () => {
    const { lane, lanes, looks } = world()
    await settle()
    lanes.forget(lane)
    looks[0]?.reject(new Error('no answer'))
    await expect.poll(() => looks.length, { timeout: 20_000 }).toBe(2)
    looks[1]?.reject(new Error('no answer'))
    await settle()
    expect([looks.length, lane.more, lane.loading]).toEqual([2, true, false])
  })
})
