import { fakeClock } from 'mailwright/testing'
import { expect, it } from 'vitest'
import type { ReportRow } from '../tables/tables.ts'
import { NotedMessages } from './noted-messages.ts'
import { mostTogether } from './to-tell.ts'

const about = (number: number, recipients = 2) => ({
  number,
  envelope: { reversePath: null, parameters: {}, recipients },
})

const rowsOf = (message: number, due: number, count = 1): readonly ReportRow[] =>
  Array.from({ length: count }, (_, index) => ({
    number: index,
    message,
    recipient: index,
    due,
    report: '{}',
  }))

it('looks at once, and after growing times while something is under way, until it is due', () => {
  const clock = fakeClock(0)
  const noted = new NotedMessages(clock)
  noted.add(about(1), rowsOf(1, 60_000))
  const looks: number[] = []
  for (; clock.now() < 59_500; clock.advance(500)) {
    if (noted.next(10).others.length === 0) continue
    looks.push(clock.now())
    noted.putOff(1)
  }
  expect(looks).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 47_000])
  clock.advance(499)
  expect(noted.next(10)).toEqual({ due: [], others: [] })
  clock.advance(1)
  expect(noted.next(10)).toEqual({ due: [1], others: [] })
})

it('a clock that is set back puts nothing off', () => {
  const clock = fakeClock(432_000_000)
  const noted = new NotedMessages(clock)
  noted.add(about(1), rowsOf(1, 432_060_000))
  clock.set(0)
  expect(noted.next(10)).toEqual({ due: [], others: [1] })
  clock.advance(60_000)
  expect(noted.next(10)).toEqual({ due: [1], others: [] })
})

it('what comes to a message makes it due no later, and many at once', () => {
  const clock = fakeClock(0)
  const noted = new NotedMessages(clock)
  noted.add(about(1), rowsOf(1, 60_000))
  noted.putOff(1)
  clock.advance(500)
  noted.add(about(1), rowsOf(1, 300_000))
  expect(noted.next(10)).toEqual({ due: [], others: [] })
  noted.add(about(1), rowsOf(1, 300_000, mostTogether - 2))
  expect(noted.next(10)).toEqual({ due: [1], others: [] })
  noted.delete(1)
  expect(noted.size).toBe(0)
})

it('of very many recipients it waits until it is due', () => {
  const clock = fakeClock(0)
  const noted = new NotedMessages(clock)
  const many = about(1, mostTogether + 1)
  noted.add(many, rowsOf(1, 60_000))
  noted.add(many, rowsOf(1, 50_000))
  noted.add(many, [])
  clock.advance(49_999)
  expect(noted.next(10)).toEqual({ due: [], others: [] })
  clock.advance(1)
  expect(noted.next(10)).toEqual({ due: [1], others: [] })
})

it('answers no more than what was asked for', () => {
  const noted = new NotedMessages(fakeClock(0))
  for (const message of [1, 2, 3]) noted.add(about(message), rowsOf(message, message === 2 ? 0 : 10))
  expect(noted.next(2)).toEqual({ due: [2], others: [1] })
  noted.putOff(4)
  expect(noted.all()).toEqual([1, 2, 3])
})
