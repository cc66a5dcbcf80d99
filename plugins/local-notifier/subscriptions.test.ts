import type { Notifier } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import { Subscriptions } from './subscriptions.ts'

/** A notifier that notes what it is asked to publish. */
function noted(): Notifier & { readonly published: unknown[] } {
  const published: unknown[] = []
  return {
    published,
    publish: (topic, payload) => void published.push([topic, payload]),
    subscribe: () => vi.fn(),
  }
}

const missed = { missed: true }

test('who has a subscription is told once that hints were missed, however often that is said at a time', () => {
  const told = noted()
  const clock = fakeClock()
  const subscriptions = new Subscriptions(told, clock)
  const ends = ['a', 'a', 'b', 'c'].map((topic) => subscriptions.add(topic, vi.fn()))
  // The second end of one subscription does not end another of its topic.
  ends[0]?.()
  ends[0]?.()
  ends[3]?.()
  subscriptions.tellMissed()
  subscriptions.tellMissed()
  clock.advance(100)
  expect(told.published).toEqual([
    ['a', missed],
    ['b', missed],
  ])
  subscriptions.tellMissed()
  clock.advance(100)
  expect(told.published).toHaveLength(4)
})

test('nobody is told of what came before a first subscription, nor after the end', () => {
  const told = noted()
  const clock = fakeClock()
  const subscriptions = new Subscriptions(told, clock)
  subscriptions.tellMissed()
  subscriptions.add('a', vi.fn())
  clock.advance(100)
  subscriptions.tellMissed()
  subscriptions.stop()
  clock.advance(100)
  expect(told.published).toEqual([])
})
