import { expect, test } from 'vitest'
import { encodeFrame, missedFrame } from './frame.ts'
import { longestWait, Outbox } from './outbox.ts'

const frame = encodeFrame({ topic: 'a', payload: 'x'.repeat(1_000) })

test('gives what waits in its order, once', () => {
  const outbox = new Outbox()
  expect(outbox.isEmpty).toBe(true)
  const other = encodeFrame({ topic: 'b' })
  outbox.add(frame)
  outbox.add(other)
  expect(outbox.isEmpty).toBe(false)
  expect(outbox.take()).toEqual(Buffer.concat([frame, other]))
  expect(outbox.isEmpty).toBe(true)
})

test('says first that something was missed, and once only', () => {
  const outbox = new Outbox()
  outbox.add(frame)
  outbox.miss()
  outbox.miss()
  expect(outbox.take()).toEqual(Buffer.concat([missedFrame, frame]))
})

test('beyond the limit one word stands for all', () => {
  const outbox = new Outbox()
  const fitting = Math.floor(longestWait / frame.length)
  for (let count = 0; count < fitting; count++) outbox.add(frame)
  const full = outbox.take()
  expect(full.length).toBe(fitting * frame.length)
  for (let count = 0; count < fitting + 1; count++) outbox.add(frame)
  outbox.add(frame)
  expect(outbox.take()).toEqual(Buffer.concat([missedFrame, frame]))
})

test('can be emptied', () => {
  const outbox = new Outbox()
  outbox.add(frame)
  outbox.miss()
  outbox.clear()
  expect(outbox.isEmpty).toBe(true)
  expect(outbox.take()).toHaveLength(0)
})
