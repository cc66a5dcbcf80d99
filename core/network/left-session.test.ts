import { expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { endedOrLeft } from './left-session.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function session() {
  const [ended, left, clock] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), fakeClock()]
  return { ended, left, clock, answer: endedOrLeft(ended.promise, left.promise, clock) }
}

test('a session that ends is waited for, however long it takes', async () => {
  const { ended, clock, answer } = session()
  clock.advance(1_000_000)
  ended.resolve()
  expect(await answer).toBe(true)
})

test('one whose client has left has some time', async () => {
  const { ended, left, clock, answer } = session()
  left.resolve()
  await turn()
  clock.advance(4_999)
  ended.resolve()
  expect(await answer).toBe(true)
})

test('and not more', async () => {
  const { left, clock, answer } = session()
  left.resolve()
  await turn()
  clock.advance(5_000)
  expect(await answer).toBe(false)
})
