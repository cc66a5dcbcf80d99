import { expect, it } from 'vitest'
import { oneByOne } from './one-by-one.ts'

async function* groups(ended: () => void): AsyncGenerator<readonly number[]> {
  try {
    yield [1, 2]
    yield []
    yield [3]
    throw new Error('no more')
  } finally {
    ended()
  }
}

it('gives each of what comes in groups, and fails as they do', async () => {
  const found: number[] = []
  let ended = 0
  const read = async (): Promise<void> => {
    for await (const each of oneByOne(groups(() => ended++))) found.push(each)
  }
  await expect(read()).rejects.toThrow('no more')
  expect([found, ended]).toEqual([[1, 2, 3], 1])
})

it('ends the groups where nobody wants more', async () => {
  let ended = 0
  const all = oneByOne(groups(() => ended++))
  for await (const each of all) if (each === 1) break
  expect(ended).toBe(1)
  expect(await all.next()).toEqual({ done: true, value: undefined })
})

it('of no group is nothing', async () => {
  const none = async function* (): AsyncGenerator<readonly number[]> {
    yield []
  }
  expect(await oneByOne(none()).next()).toEqual({ done: true, value: undefined })
})
