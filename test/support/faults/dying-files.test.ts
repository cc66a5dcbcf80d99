import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { nodeFileSystem } from '../../../plugins/maildir/files/file-system.ts'
import { dyingFiles } from './dying-files.ts'

test('who is buried has no call under way any more, and makes none', async () => {
  const done: string[] = []
  const { files, death, bury, calls } = dyingFiles(
    {
      ...nodeFileSystem,
      async unlink(path) {
        await pause(200)
        done.push(path)
      },
    },
    1,
  )
  void files.unlink('/slow')
  void files.unlink('/never')
  await death
  expect(calls.below('/')).toEqual(['unlink /slow'])
  await bury()
  expect(done).toEqual(['/slow'])
  expect(calls.below('/')).toEqual([])
})
