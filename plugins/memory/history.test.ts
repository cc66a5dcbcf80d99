import type { HistoryEntry } from 'mailwright'
import { expect, it } from 'vitest'
import { createMemoryHistory } from './history.ts'

function filled() {
  const history = createMemoryHistory(100)
  const entries: readonly HistoryEntry[] = [
    { at: 10, verb: 'connected', session: 's1', text: 'transfer from 192.0.2.1' },
    { at: 20, verb: 'sender', session: 's1', transaction: 't1', text: 'Jo@Example.org' },
    { at: 30, verb: 'sender', session: 's1', transaction: 't2' },
    { at: 40, verb: 'closed', session: 's1' },
    { at: 50, verb: 'connected', session: 's2' },
    { at: 60, verb: 'delivered', transaction: 't1' },
  ]
  for (const entry of entries) history.record(entry)
  return history
}

const times = (entries: readonly HistoryEntry[]) => entries.map((entry) => entry.at)

it('finds a session with its transactions, and a transaction with its session', async () => {
  const history = filled()
  expect(times(await history.find({ id: 's1' }))).toEqual([10, 20, 30, 40])
  expect(times(await history.find({ id: 't1' }))).toEqual([10, 20, 40, 60])
  expect(times(await history.find({ id: 's' }))).toEqual([])
})

it('finds by text and time, the newest of many', async () => {
  const history = filled()
  expect(times(await history.find({ text: 'jo@example' }))).toEqual([20])
  expect(times(await history.find({ since: new Date(30), until: new Date(50) }))).toEqual([30, 40, 50])
  expect(times(await history.find({ limit: 2 }))).toEqual([50, 60])
})

it('keeps so many entries and not a reference to what was recorded', async () => {
  const history = createMemoryHistory(3)
  const facts = { a: 1 }
  for (let at = 0; at < 20; at++) history.record({ at, verb: 'verdict', facts })
  facts.a = 2
  expect(times(await history.find({}))).toEqual([17, 18, 19])
  expect((await history.find({}))[0]?.facts).toEqual({ a: 1 })
})
