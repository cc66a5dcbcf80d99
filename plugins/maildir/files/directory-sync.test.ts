import { systemClock } from 'mailwright'
import { expect, it } from 'vitest'
import { DirectorySync } from './directory-sync.ts'
import { nodeFileSystem } from './file-system.ts'
import { SyncTimes } from './sync-times.ts'

it('syncs a directory a few times for many who ask at once', async () => {
  let opened = 0
  const directories = new DirectorySync(
    {
      ...nodeFileSystem,
      open(...words) {
        opened += 1
        return nodeFileSystem.open(...words)
      },
    },
    new SyncTimes(systemClock, undefined),
  )
  await Promise.all(Array.from({ length: 50 }, () => directories.sync('.')))
  expect(opened).toBe(2)
  await expect(directories.sync('./no-such-directory')).rejects.toThrow('ENOENT')
})
