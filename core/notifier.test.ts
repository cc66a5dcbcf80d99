import { describe, expect, test, vi } from 'vitest'
import { createLocalNotifier } from './notifier.ts'
import { capturedLog } from './testing/captured-log.ts'

const told = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('createLocalNotifier', () => {
  test('tells every subscriber of a topic, after the publisher has gone on', async () => {
    const notifier = createLocalNotifier(capturedLog())
    const heard: unknown[] = []
    notifier.subscribe('a', (payload) => heard.push(['first', payload]))
    notifier.subscribe('a', (payload) => heard.push(['second', payload]))
    notifier.subscribe('b', (payload) => heard.push(['other', payload]))
    notifier.publish('a', 1)
    expect(heard).toEqual([])
    await told()
    expect(heard).toEqual([
      ['first', 1],
      ['second', 1],
    ])
    notifier.publish('nobody listens', 1)
  })

  test('a listener that throws or rejects harms nobody else', async () => {
    const log = capturedLog()
    const notifier = createLocalNotifier(log)
    const heard = vi.fn()
    notifier.subscribe('a', () => {
      throw new Error('now')
    })
    notifier.subscribe('a', async () => {
      throw new Error('later')
    })
    notifier.subscribe('a', heard)
    notifier.publish('a', 1)
    await told()
    expect(heard).toHaveBeenCalledWith(1)
    expect(log.lines).toMatchObject([
      { event: 'internal-error', topic: 'a', error: 'now' },
      { event: 'internal-error', topic: 'a', error: 'later' },
    ])
  })

  test('ends one subscription, also of a listener that has two, and tells it nothing more', async () => {
    const notifier = createLocalNotifier(capturedLog())
    const heard = vi.fn()
    const end = notifier.subscribe('a', heard)
    notifier.subscribe('a', heard)
    notifier.publish('a', 1)
    end()
    await told()
    expect(heard).toHaveBeenCalledTimes(1)
  })

  test('an end that is called twice ends no subscription made since', async () => {
    const notifier = createLocalNotifier(capturedLog())
    const heard = vi.fn()
    const end = notifier.subscribe('a', () => undefined)
    end()
    notifier.subscribe('a', heard)
    end()
    notifier.publish('a', 1)
    await told()
    expect(heard).toHaveBeenCalledTimes(1)
  })
})
