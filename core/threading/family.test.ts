import { describe, expect, it } from 'vitest'
import type { IdentifierRows } from '../facts/identifier-column.ts'
import { Pacer } from '../summary/pacer.ts'
import { Family, type Forest } from './family.ts'
import { linkMessages } from './link-messages.ts'
import { pruneDummies } from './prune-dummies.ts'

/** Messages by their identifiers, as numbers from 1 on: the own one first. */
function identifiersOf(messages: readonly (readonly number[])[]): IdentifierRows {
  const items = Uint32Array.from(messages.flat())
  const lengths = Uint32Array.from(messages, ({ length }) => length)
  const starts = new Uint32Array(messages.length)
  for (let message = 1; message < messages.length; message += 1)
    starts[message] = (starts[message - 1] ?? 0) + (lengths[message - 1] ?? 0)
  return { starts, lengths, items, size: items.reduce((most, each) => Math.max(most, each), 0) + 1 }
}

async function forestOf(messages: readonly (readonly number[])[]): Promise<Forest> {
  const linked = await linkMessages(identifiersOf(messages), new Pacer())
  const order = Uint32Array.from(messages, (_, message) => message)
  const family = new Family(pruneDummies(linked, messages.length), linked.length, order, new Pacer())
  return family.forest((await family.roots()).nodes)
}

const many = 100_000

describe('Family', () => {
  it.each<readonly [string, (message: number) => readonly number[]]>([
    ['in the order of the mailbox', (message) => (message === 0 ? [1] : [message + 1, message])],
    [
      'from the last to the first',
      (message) => (message === many - 1 ? [1] : [many - message, many - message - 1]),
    ],
  ])('follows a chain of 100,000 %s', async (_, identifiers) => {
    const { nodes, depths } = await forestOf(
      Array.from({ length: many }, (_, message) => identifiers(message)),
    )
    expect([nodes.length, new Set(nodes).size]).toEqual([many, many])
    expect(depths).toEqual(Uint32Array.from({ length: many }, (_, depth) => depth))
  })

  it('passes over a chain of missing messages that everybody refers to', async () => {
    const lost = Array.from({ length: 1_000 }, (_, index) => many + index + 1)
    const messages = Array.from({ length: 2_000 }, (_, message) => [message + 1, ...lost.slice(message % 2)])
    const { nodes, depths } = await forestOf(messages)
    expect([nodes.length, depths[0], depths.reduce((sum, depth) => sum + depth, 0)]).toEqual([
      2_001, 0, 2_000,
    ])
  })

  it('ends where everybody refers to everybody', async () => {
    const count = 600
    const messages = Array.from({ length: count }, (_, message) =>
      Array.from({ length: count }, (_, index) => ((message * 7 + index * (1 + (message % 5))) % count) + 1),
    )
    const { nodes } = await forestOf(messages.map((ids, message) => [message + 1, ...ids]))
    expect([...nodes].filter((node) => node < count).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, message) => message),
    )
  })
})
