import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { SeenInboxes } from './seen-inboxes.ts'

it('knows for a moment which Maildirs were there', () => {
  const clock = fakeClock()
  const inboxes = new SeenInboxes(clock)
  inboxes.see('/a')
  expect(['/a', '/b'].map((path) => inboxes.wasSeen(path))).toEqual([true, false])
  clock.advance(1000)
  expect(inboxes.wasSeen('/a')).toBe(false)
})

it('does not grow without end', () => {
  const inboxes = new SeenInboxes(fakeClock())
  for (let number = 0; number <= 10_000; number++) inboxes.see(`/${number}`)
  expect([0, 10_000].map((number) => inboxes.wasSeen(`/${number}`))).toEqual([false, true])
})
