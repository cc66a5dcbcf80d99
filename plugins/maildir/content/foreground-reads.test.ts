import { fakeClock } from 'mailwright/testing'
import { beforeEach, expect, it } from 'vitest'
import { ForegroundReads } from './foreground-reads.ts'

const clock = fakeClock(0)
let reads: ForegroundReads
let isOver: boolean

beforeEach(() => {
  reads = new ForegroundReads(clock)
  isOver = false
})

const wait = (patience: number): Promise<void> =>
  reads.none(patience).then(() => {
    isOver = true
  })
/** Everything that waits for nothing has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('holds nobody up where there is none, or who has no patience', async () => {
  await reads.none(1000)
  reads.begin()
  await reads.none(0)
  await reads.none(-1)
})

it('lets what is prepared wait for the end of all', async () => {
  const ends = [reads.begin(), reads.begin()]
  const waiting = wait(1000)
  ends[0]?.()
  ends[0]?.()
  await settled()
  expect(isOver).toBe(false)
  ends[1]?.()
  await waiting
  await reads.none(1000)
})

it('lets it wait no longer than it may', async () => {
  reads.begin()
  const waiting = wait(1000)
  clock.advance(999)
  await settled()
  expect(isOver).toBe(false)
  clock.advance(1)
  await waiting
})
