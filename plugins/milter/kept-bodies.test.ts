import type { Transaction } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { KeptBodies } from './kept-bodies.ts'
import type { ReplacementBody } from './replacement-body.ts'

function scene() {
  const clock = fakeClock()
  const over = new AbortController()
  const bodies = new KeptBodies(clock)
  const state = { disposed: 0 }
  const body = { dispose: async () => void state.disposed++ } as unknown as ReplacementBody
  const transaction = { signal: over.signal } as unknown as Transaction
  bodies.keep(transaction, body)
  bodies.keep(transaction, body)
  return { clock, over, bodies, state, transaction }
}

describe('KeptBodies', () => {
  test('lets go at once of what was refused', () => {
    const { over, bodies, state } = scene()
    over.abort()
    expect([state.disposed, bodies.size]).toEqual([2, 0])
  })

  test('keeps what is being delivered when the client leaves, for a time', () => {
    const { over, bodies, state, clock, transaction } = scene()
    bodies.onItsWay(transaction)
    over.abort()
    clock.advance(599_999)
    expect(state.disposed).toBe(0)
    clock.advance(1)
    expect([state.disposed, bodies.size]).toEqual([2, 0])
  })

  test('lets go of what is delivered, before and after the end of the transaction', () => {
    for (const endsFirst of [true, false]) {
      const { over, bodies, state, clock, transaction } = scene()
      bodies.onItsWay(transaction)
      if (endsFirst) over.abort()
      bodies.done(transaction)
      over.abort()
      expect([state.disposed, bodies.size, clock.waiting]).toEqual([2, 0, 0])
    }
  })

  test('lets go of everything at the end', async () => {
    const { over, bodies, state, clock, transaction } = scene()
    bodies.onItsWay(transaction)
    over.abort()
    await bodies.stop()
    expect([state.disposed, bodies.size, clock.waiting]).toEqual([2, 0, 0])
  })

  test('of a transaction that is over already', () => {
    const { over, bodies, state } = scene()
    over.abort()
    bodies.keep(
      { signal: over.signal } as unknown as Transaction,
      {
        dispose: async () => void state.disposed++,
      } as unknown as ReplacementBody,
    )
    expect([state.disposed, bodies.size]).toEqual([3, 0])
  })
})
