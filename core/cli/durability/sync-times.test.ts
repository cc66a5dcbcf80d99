import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeTimes, measureSyncs, milliseconds, quantile, type SyncTimes } from './sync-times.ts'

const times = (synced: number, dsync = synced, unsynced = 0.005): SyncTimes => ({
  synced: [synced],
  dsync: [dsync],
  unsynced: [unsynced],
})

describe('sync times', () => {
  test.each([
    ['a disk that turns', 9, true, 'good'],
    ['a solid one', 0.8, false, 'good'],
    ['one with a cache that is called a turning one', 0.3, true, 'doubt'],
    ['a cache', 0.015, false, 'doubt'],
    ['nothing at all', 0.006, false, 'bad'],
  ] as const)('%s', (_, synced, turns, level) => {
    expect(judgeTimes(times(synced), turns)[0]).toMatchObject({ level, subject: 'sync time' })
  })

  test('O_DSYNC that is not obeyed', () => {
    expect(judgeTimes(times(1, 0.006), false)[1]).toMatchObject({ level: 'bad', subject: 'O_DSYNC' })
    expect(judgeTimes(times(1, 1.1), false)[1]).toMatchObject({ level: 'good' })
  })

  test('are measured in order, and told in words', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-syncs-'))
    const measured = await measureSyncs(folder, 5)
    await rm(folder, { recursive: true })
    for (const list of Object.values(measured)) {
      expect(list).toHaveLength(5)
      expect(list.toSorted((a: number, b: number) => a - b)).toEqual(list)
    }
    expect([quantile([1, 2, 3, 4], 0.5), quantile([1], 0.99), quantile([], 0.5)]).toEqual([3, 1, 0])
    expect([milliseconds(0.346), milliseconds(12.4)]).toEqual(['0.35 ms', '12 ms'])
  })
})
