import { expect, test } from 'vitest'
import { inOrder } from './in-order.ts'

/** Work that ends when it is told to. */
function controlled() {
  const running = new Map<number, PromiseWithResolvers<string>>()
  const work = (item: number): Promise<string> => {
    const ended = Promise.withResolvers<string>()
    running.set(item, ended)
    return ended.promise
  }
  return { running, work, end: (item: number) => running.get(item)?.resolve(`done ${item}`) }
}

async function collected<Result>(results: AsyncIterable<Result>): Promise<readonly Result[]> {
  const all: Result[] = []
  for await (const result of results) all.push(result)
  return all
}

test('results come in the order of the items, and no more than some run at a time', async () => {
  const { running, work, end } = controlled()
  const results = inOrder([1, 2, 3, 4], 2, work)
  const first = results.next()
  expect([...running.keys()]).toEqual([1, 2])
  end(2)
  end(1)
  expect(await first).toEqual({ done: false, value: 'done 1' })
  const second = results.next()
  expect(await second).toEqual({ done: false, value: 'done 2' })
  expect([...running.keys()]).toEqual([1, 2, 3])
  const third = results.next()
  end(3)
  expect(await third).toEqual({ done: false, value: 'done 3' })
  end(4)
  expect(await collected(results)).toEqual(['done 4'])
})

test('the first failure in the order of the items ends it, and others are not left without a handler', async () => {
  const { running, work, end } = controlled()
  const results = inOrder([1, 2, 3], 3, work)
  const first = results.next()
  running.get(3)?.reject(new Error('three'))
  running.get(2)?.reject(new Error('two'))
  end(1)
  expect(await first).toMatchObject({ value: 'done 1' })
  await expect(results.next()).rejects.toThrow('two')
  expect(await results.next()).toEqual({ done: true, value: undefined })
})

test('nothing comes of nothing', async () => {
  expect(await collected(inOrder([], 2, async () => 1))).toEqual([])
})
