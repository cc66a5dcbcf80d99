import { fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { LaterLook } from './later-look.ts'

test('calls back, each time later, up to a minute or so', () => {
  const clock = fakeClock()
  const look = new LaterLook(clock)
  const waited: number[] = []
  for (let count = 0; count < 8; count += 1) {
    let seconds = 0
    let isCalled = false
    look.hasFailed(() => {
      isCalled = true
    })
    for (; !isCalled; seconds += 1) clock.advance(1_000)
    waited.push(seconds)
  }
  expect(waited).toEqual([1, 2, 4, 8, 16, 32, 64, 64])
})

test('calls nobody once the look is done or nobody waits, and begins anew', () => {
  const clock = fakeClock()
  const look = new LaterLook(clock)
  let calls = 0
  const again = (): void => {
    calls += 1
  }
  look.hasFailed(again)
  look.hasFailed(again)
  look.isDone()
  clock.advance(100_000)
  expect(calls).toBe(0)
  look.hasFailed(again)
  clock.advance(1_000)
  expect(calls).toBe(1)
  look.hasFailed(again)
  look.end()
  clock.advance(100_000)
  expect(calls).toBe(1)
})
