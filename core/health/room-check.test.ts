import { expect, it } from 'vitest'
import { checkRoom } from './room-check.ts'

const mebibyte = 1024 * 1024
const disk = (free: number, ffree: number, files = 1_000_000, size = 100_000 * mebibyte) => ({
  bavail: free / 512,
  blocks: size / 512,
  bsize: 512,
  files,
  ffree,
})

it.each([
  ['well', disk(100 * mebibyte, 1_000), undefined],
  ['well where inodes are made as they are needed', disk(100 * mebibyte, 0, 0), undefined],
  ['scarce', disk(100 * mebibyte - 512, 1_000), 'warn'],
  ['scarce of inodes', disk(100 * mebibyte, 999), 'warn'],
  ['full', disk(10 * mebibyte - 512, 1_000), 'fail'],
  ['full of inodes', disk(100 * mebibyte, 99), 'fail'],
  ['small and well', disk(7 * mebibyte, 90, 100, 8 * mebibyte), undefined],
  ['small and scarce', disk(0.5 * mebibyte, 90, 100, 8 * mebibyte), 'warn'],
  ['small and scarce of inodes', disk(7 * mebibyte, 9, 100, 8 * mebibyte), 'warn'],
  ['small and full', disk(0.05 * mebibyte, 90, 100, 8 * mebibyte), 'fail'],
  ['small and full of inodes', disk(7 * mebibyte, 0, 100, 8 * mebibyte), 'fail'],
])('room on a disk that is %s', async (_, answer, state) => {
  const problem = await checkRoom('/srv/mail', 'mail', async () => answer)
  expect(problem?.state).toBe(state)
  expect(problem?.reason ?? '').not.toContain('/srv')
})

it('is that of the folder above where it is not there yet, and is not missing where nobody can tell', async () => {
  const asked: string[] = []
  const look = async (folder: string) => {
    asked.push(folder)
    if (folder !== '/srv') throw new Error('ENOENT')
    return disk(0, 0)
  }
  expect(await checkRoom('/srv/mail', 'mail', look)).toMatchObject({ state: 'fail' })
  expect(asked).toEqual(['/srv/mail', '/srv'])
  expect(await checkRoom('/a/b', 'mail', look)).toBeUndefined()
})
