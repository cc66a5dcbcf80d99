import { createLog } from 'mailwright'
import { expect, it } from 'vitest'
import { createMemoryNotifier } from './notifier.ts'

const silent = createLog('silent')

it('tells all subscribers of a topic, later and each on its own', async () => {
  const notifier = createMemoryNotifier(silent)
  const seen: unknown[] = []
  notifier.subscribe('a', () => {
    throw new Error('a bad listener')
  })
  const end = notifier.subscribe('a', (payload) => seen.push(['one', payload]))
  notifier.subscribe('a', (payload) => seen.push(['two', payload]))
  notifier.subscribe('__proto__', (payload) => seen.push(['proto', payload]))
  notifier.publish('a', 1)
  expect(seen).toEqual([])
  await Promise.resolve()
  expect(seen).toEqual([
    ['one', 1],
    ['two', 1],
  ])
  end()
  notifier.publish('a', 2)
  notifier.publish('__proto__', 3)
  notifier.publish('nobody', 4)
  await Promise.resolve()
  expect(seen.slice(2)).toEqual([
    ['two', 2],
    ['proto', 3],
  ])
})

it('ends one subscription of a listener that has two, and tells nothing after the end', async () => {
  const notifier = createMemoryNotifier(silent)
  const seen: unknown[] = []
  const listener = (payload: unknown) => seen.push(payload)
  const end = notifier.subscribe('a', listener)
  notifier.subscribe('a', listener)
  notifier.publish('a', 1)
  end()
  end()
  await Promise.resolve()
  expect(seen).toEqual([1])
})
