import { expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { sessionOver } from './left-session.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function session() {
  const [ended, closed, clock] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), fakeClock()]
  const told: string[] = []
  const over = sessionOver({
    ended: ended.promise,
    closed: closed.promise,
    clock,
    leave: () => told.push('left'),
    stuck: (level) => told.push(level),
  }).then(() => told.push('over'))
  return { ended, closed, clock, told, over }
}

test('a session counts until it has ended and its connection has closed, however long that takes', async () => {
  const { ended, closed, clock, told, over } = session()
  clock.advance(1_000_000)
  ended.resolve()
  await turn()
  clock.advance(1_000_000)
  expect(told).toEqual([])
  closed.resolve()
  await over
  expect(told).toEqual(['left', 'over'])
})

test('one whose client has left has some time', async () => {
  const { ended, closed, clock, told, over } = session()
  closed.resolve()
  await turn()
  clock.advance(4_999)
  expect(told).toEqual([])
  ended.resolve()
  await over
  clock.advance(1_000_000)
  expect(told).toEqual(['left', 'over'])
})

test('then it does not count any more, is told aloud after a minute, and is over when it has ended', async () => {
  const { ended, closed, clock, told, over } = session()
  closed.resolve()
  await turn()
  clock.advance(5_000)
  expect(told).toEqual(['left', 'debug'])
  clock.advance(54_999)
  await turn()
  expect(told).toEqual(['left', 'debug'])
  clock.advance(1)
  expect(told).toEqual(['left', 'debug', 'warn'])
  ended.resolve()
  await over
  expect(told).toEqual(['left', 'debug', 'warn', 'over'])
})
