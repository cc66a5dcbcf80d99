import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import { UnavailableError } from './errors.ts'
import { PeriodicWork } from './periodic-work.ts'

test('is done again and again, whatever comes of it, until it is stopped', async () => {
  const clock = fakeClock()
  const log = capturedLog()
  const outcomes = [() => undefined, () => Promise.reject(new UnavailableError('away')), () => undefined]
  const run = vi.fn(async (_signal: AbortSignal) => outcomes.shift()?.())
  const work = new PeriodicWork({ clock, log, service: 'things', every: 1_000 }, run)
  work.start()
  for (let round = 1; round <= 3; round++) {
    clock.advance(999)
    expect(run).toHaveBeenCalledTimes(round - 1)
    clock.advance(1)
    expect(run).toHaveBeenCalledTimes(round)
    await vi.waitFor(() => expect(clock.waiting).toBe(1), { timeout: 20_000 })
  }
  await work.stop()
  expect(clock.waiting).toBe(0)
  expect(log.lines).toMatchObject([{ event: 'unavailable', service: 'things' }])
})

test('a round that is running is told to stop, and waited for', async () => {
  const clock = fakeClock()
  const ended = Promise.withResolvers<void>()
  let told: AbortSignal | undefined
  const work = new PeriodicWork({ clock, log: capturedLog(), service: 'things', every: 1 }, (signal) => {
    told = signal
    return ended.promise
  })
  work.start()
  clock.advance(1)
  const stopped = work.stop()
  expect(told?.aborted).toBe(true)
  ended.resolve()
  await stopped
  expect(clock.waiting).toBe(0)
})
