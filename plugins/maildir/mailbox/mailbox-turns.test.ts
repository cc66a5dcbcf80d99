import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, expect, it } from 'vitest'
import type { HeldLock } from '../files/lock-file.ts'
import { MailboxTurns } from './mailbox-turns.ts'

let clock: FakeClock
/** Whether another process has the lock. */
let isTaken: boolean
let patiences: number[]
let done: string[]
let turns: MailboxTurns
/** Whoever waits for the lock. */
let waiting: PromiseWithResolvers<HeldLock>[]

const held: HeldLock = { movedTo: () => undefined, release: async () => undefined }

beforeEach(() => {
  clock = fakeClock()
  isTaken = true
  patiences = []
  done = []
  waiting = []
  turns = new MailboxTurns(
    {
      tryLock: async () => (isTaken ? undefined : held),
      lock: (patience) => {
        patiences.push(patience)
        const waiter = Promise.withResolvers<HeldLock>()
        waiting.push(waiter)
        return waiter.promise
      },
    },
    clock,
  )
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const change = (name: string): Promise<void> =>
  turns.underLock(async () => {
    done.push(name)
  })
const read = (name: string): Promise<unknown> => turns.run(async () => done.push(name))

it('go in order where nobody else has the lock', async () => {
  isTaken = false
  await Promise.all([change('a'), read('b'), change('c')])
  expect([done, patiences]).toEqual([['a', 'b', 'c'], []])
})

it('let those go first that need no lock, and nobody overtake who waits for it', async () => {
  const first = change('first')
  await settled()
  await read('read')
  await turns.underLock(async () => undefined, { isDone: async () => true })
  isTaken = false
  const second = change('second')
  await settled()
  expect(done).toEqual(['read'])
  waiting[0]?.resolve(held)
  await first
  await settled()
  waiting[1]?.resolve(held)
  await second
  expect(done).toEqual(['read', 'first', 'second'])
  await change('third')
  expect(patiences).toHaveLength(2)
})

it('tell all who waited at the same time that somebody else has the lock for too long', async () => {
  const outcomes = Promise.allSettled([change('a'), change('b'), change('c')])
  await settled()
  for (let each = 0; each < 3; each++) {
    if (each === 0) clock.advance(30_000)
    waiting[each]?.reject(new Error('locked'))
    await settled()
  }
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(patiences).toEqual([30_000, 0, 0])
})

it('have their time from the last turn that this process had at the lock', async () => {
  const all = [change('a'), change('b')]
  await settled()
  clock.advance(29_000)
  waiting[0]?.resolve(held)
  await all[0]
  await settled()
  expect(patiences).toEqual([30_000, 30_000])
  waiting[1]?.resolve(held)
  await all[1]
})

it('of two mailboxes have no more time for both than for one', async () => {
  const since = clock.monotonic()
  clock.advance(20_000)
  const moving = turns.underLock(async () => undefined, { since })
  await settled()
  expect(patiences).toEqual([10_000])
  waiting[0]?.resolve(held)
  await moving
})
