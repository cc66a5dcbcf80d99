import { expect, it } from 'vitest'
import { turns } from '../testing/turns.ts'
import { SharedRuns } from './shared-runs.ts'

/** Work that ends when it is told to. */
function heldWork() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const work = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const number = ends.length
      ends.push({ resolve: () => resolve(number), reject })
    })
  return { ends, work }
}

it('gives all who ask during a run the next one', async () => {
  const { ends, work } = heldWork()
  const runs = new SharedRuns<number>(work)
  const first = runs.run('a')
  const [second, third] = [runs.run('a'), runs.run('a')]
  ends[0]?.resolve()
  expect(await first).toBe(0)
  await turns(5)
  const fourth = runs.run('a')
  ends[1]?.resolve()
  expect(await Promise.all([second, third])).toEqual([1, 1])
  await turns(5)
  ends[2]?.resolve()
  expect(await fourth).toBe(2)
  expect(ends).toHaveLength(3)
})

it('keeps keys apart', async () => {
  const { ends, work } = heldWork()
  const runs = new SharedRuns<number>(work)
  const both = [runs.run('a'), runs.run('b')]
  for (const end of ends) end.resolve()
  expect(await Promise.all(both)).toEqual([0, 1])
})

it('tells a failure to those who shared it, and goes on', async () => {
  const { ends, work } = heldWork()
  const runs = new SharedRuns<number>(work)
  const first = runs.run('a')
  const second = runs.run('a')
  ends[0]?.reject(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await turns(5)
  ends[1]?.resolve()
  expect(await second).toBe(1)
})
