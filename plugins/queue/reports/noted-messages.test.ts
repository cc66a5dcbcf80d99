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
  const noted = new NotedMessages()
  noted.add(about(1), rowsOf(1, 60_000), 0)
  const looks: number[] = []
  for (let now = 0; now < 60_000; now += 500) {
    if (noted.next(now, 10).others.length === 0) continue
    looks.push(now)
    noted.putOff(1, now)
  }
  expect(looks).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 47_000])
  expect(noted.next(59_999, 10)).toEqual({ due: [], others: [] })
  expect(noted.next(60_000, 10)).toEqual({ due: [1], others: [] })
})

it('what comes to a message makes it due no later, and many at once', () => {
  const noted = new NotedMessages()
  noted.add(about(1), rowsOf(1, 60_000), 0)
  noted.putOff(1, 0)
  noted.add(about(1), rowsOf(1, 300_000), 500)
  expect(noted.next(500, 10)).toEqual({ due: [], others: [] })
  noted.add(about(1), rowsOf(1, 300_000, mostTogether - 2), 500)
  expect(noted.next(500, 10)).toEqual({ due: [1], others: [] })
  noted.delete(1)
  expect(noted.size).toBe(0)
})

it('of very many recipients it waits until it is due', () => {
  const noted = new NotedMessages()
  const many = about(1, mostTogether + 1)
  noted.add(many, rowsOf(1, 60_000), 0)
  noted.add(many, rowsOf(1, 50_000), 10)
  noted.add(many, [], 20)
  expect(noted.next(49_999, 10)).toEqual({ due: [], others: [] })
  expect(noted.next(50_000, 10)).toEqual({ due: [1], others: [] })
})

it('answers no more than what was asked for', () => {
  const noted = new NotedMessages()
  for (const message of [1, 2, 3]) noted.add(about(message), rowsOf(message, message === 2 ? 0 : 10), 0)
  expect(noted.next(0, 2)).toEqual({ due: [2], others: [1] })
  noted.putOff(4, 0)
  expect(noted.all()).toEqual([1, 2, 3])
})
