import { fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { Places } from './places.ts'

const never = new AbortController().signal

/** What a promise has come to by now. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const later = new Promise((resolve) => setImmediate(resolve, 'pending'))
  return Promise.race([promise.catch((error: unknown) => error), later])
}

test('whoever comes above the limit waits in line', async () => {
  const places = new Places({ clock: fakeClock(), most: 2, idleTime: 0 })
  expect(await Promise.all([places.take('a', 1_000, never), places.take('b', 1_000, never)])).toEqual([
    true,
    true,
  ])
  const third = places.take('c', 1_000, never)
  const fourth = places.take('c', 1_000, never)
  expect(places.hasRoom('c')).toBe(false)
  places.giveBack('a', false)
  expect([await stateOf(third), await stateOf(fourth)]).toEqual([true, 'pending'])
  places.giveBack('b', false)
  expect(await fourth).toBe(true)
})

test('a connection that is kept counts until it is over, but for those who use it again', async () => {
  const clock = fakeClock()
  const places = new Places({ clock, most: 1, idleTime: 5_000 })
  await places.take('a', 0, never)
  places.giveBack('a', true)
  const other = places.take('b', 60_000, never)
  expect(await stateOf(other)).toBe('pending')
  expect(await places.take('a', 0, never)).toBe(true)
  places.giveBack('a', true)
  clock.advance(5_999)
  expect(await stateOf(other)).toBe('pending')
  clock.advance(1)
  expect(await other).toBe(true)
  places.giveBack('b', false)
  expect(places.isEmpty).toBe(true)
})

test('those who come one after the other make room for others in the end', async () => {
  const clock = fakeClock()
  const places = new Places({ clock, most: 1, idleTime: 5_000 })
  await places.take('a', 0, never)
  const other = places.take('b', 60_000, never)
  let own = 0
  for (; own < 60 && (await stateOf(other)) === 'pending'; own++) {
    const next = places.take('a', 1_000, never)
    places.giveBack('a', true)
    clock.advance(1_000)
    if ((await next) === false) break
  }
  expect(own).toBe(10)
  clock.advance(5_000)
  expect(await other).toBe(true)
})

test('a connection is used again by who has waited for it for long', async () => {
  const clock = fakeClock()
  const places = new Places({ clock, most: 1, idleTime: 5_000 })
  await places.take('a', 0, never)
  const next = places.take('a', 60_000, never)
  clock.advance(20_000)
  places.giveBack('a', true)
  expect(await next).toBe(true)
})

test('a connection that failed is gone', async () => {
  const places = new Places({ clock: fakeClock(), most: 1, idleTime: 5_000 })
  await places.take('a', 0, never)
  places.giveBack('a', false)
  expect(await places.take('b', 0, never)).toBe(true)
})

test('patience ends, and so does a signal', async () => {
  const clock = fakeClock()
  const places = new Places({ clock, most: 1, idleTime: 0 })
  await places.take('a', 0, never)
  const patient = places.take('a', 1_000, never)
  const end = new AbortController()
  const aborted = places.take('a', 60_000, end.signal)
  clock.advance(1_000)
  expect(await patient).toBe(false)
  end.abort(new Error('over'))
  await expect(aborted).rejects.toThrow('over')
  places.giveBack('a', false)
  expect(places.isEmpty).toBe(true)
})
