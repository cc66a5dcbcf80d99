import { expect, it } from 'vitest'
import { GatheredCalls } from './gathered-calls.ts'

const made: (readonly string[])[] = []
const gathered = new GatheredCalls<string, string>(async (paths) => {
  made.push(paths)
  if (paths.includes('broken')) throw new Error('the batch failed')
  return paths.map((path) =>
    path === 'none'
      ? { status: 'rejected', reason: new Error('none') }
      : { status: 'fulfilled', value: `<${path}>` },
  )
}, 3)

it('makes one batch of what is asked for at the same moment, by whomever', async () => {
  const later = async (path: string): Promise<string> => {
    await Promise.resolve()
    return gathered.ask(path)
  }
  expect(await Promise.all([gathered.ask('a'), later('b'), gathered.ask('a')])).toEqual(['<a>', '<b>', '<a>'])
  expect(await gathered.ask('c')).toBe('<c>')
  expect(made.splice(0)).toEqual([['a', 'a', 'b'], ['c']])
})

it('lets what is asked for wait where enough is under way', async () => {
  const batches: { readonly calls: readonly number[]; readonly end: () => void }[] = []
  const one = new GatheredCalls<number, number>(
    (calls) =>
      new Promise((resolve) => {
        const end = (): void => resolve(calls.map((value) => ({ status: 'fulfilled', value })))
        batches.push({ calls, end })
      }),
    3,
    1,
  )
  const first = one.ask(1)
  await new Promise(setImmediate)
  const others = [2, 3, 4, 5].map((number) => one.ask(number))
  await new Promise(setImmediate)
  expect(batches.map(({ calls }) => calls)).toEqual([[1]])
  for (let at = 0; at < 3; at++) {
    batches[at]?.end()
    await new Promise(setImmediate)
  }
  expect(batches.map(({ calls }) => calls)).toEqual([[1], [2, 3, 4], [5]])
  expect(await Promise.all([first, ...others])).toEqual([1, 2, 3, 4, 5])
})

it('makes several where there is much, and each fails by itself', async () => {
  const outcomes = await Promise.allSettled(
    ['a', 'none', 'c', 'd', 'broken', 'f', 'g'].map((path) => gathered.ask(path)),
  )
  expect(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
  ).toEqual(['<a>', 'none', '<c>', 'the batch failed', 'the batch failed', 'the batch failed', '<g>'])
  expect(made.map((paths) => paths.length)).toEqual([3, 3, 1])
})
