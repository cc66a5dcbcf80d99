import { systemClock } from 'mailwright'
import maildir from 'mailwright/plugins/maildir'
import { createTestHost, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { SyncTimes } from './sync-times.ts'

test('how long each thing took, also what failed', async () => {
  const clock = fakeClock()
  await using host = await createTestHost({ plugins: [maildir()], clock })
  const { metrics } = host.host.instruments
  const times = new SyncTimes(clock, metrics)
  const taking = (milliseconds: number) => async () => clock.advance(milliseconds)
  await times.timed('message', taking(20))
  await times.timed('message', taking(40))
  await expect(
    times.timed('index', async () => {
      clock.advance(1_000)
      throw new Error('EIO')
    }),
  ).rejects.toThrow('EIO')
  const family = (await metrics.gather()).find(({ name }) => name === 'mailwright_maildir_sync_seconds')
  expect(family?.samples).toMatchObject([
    { labels: ['message'], value: 0.06 },
    { labels: ['index'], value: 1 },
  ])
})

test('without metrics it only does what it is to do', async () => {
  let done = 0
  await new SyncTimes(systemClock, undefined).timed('directory', async () => void done++)
  expect(done).toBe(1)
})
