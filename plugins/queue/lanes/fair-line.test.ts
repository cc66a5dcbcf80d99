import { describe, expect, it } from 'vitest'
import { queuedMessage, queuedRecipient } from '../../../test/support/queue/queue-recipients.ts'
import { FairLine } from './fair-line.ts'

function filled(...parts: readonly (readonly [message: number, from: string, count: number])[]): FairLine {
  const line = new FairLine()
  for (const [number, from, count] of parts) {
    const message = queuedMessage(number, from)
    for (let each = 0; each < count; each++) line.add(queuedRecipient(number * 1_000 + each, message))
  }
  return line
}

function turns(line: FairLine, most: number): readonly string[] {
  const taken: string[] = []
  for (let turn = line.take(most); turn !== undefined; turn = line.take(most))
    taken.push(`${turn.message.number}:${turn.recipients.length}`)
  return taken
}

describe('a line', () => {
  it('lets senders take turns, however much each has', () => {
    const line = filled([1, 'a@x.example', 5], [2, 'b@x.example', 1], [3, 'c@x.example', 3])
    expect(turns(line, 2)).toEqual(['1:2', '2:1', '3:2', '1:2', '3:1', '1:1'])
    expect(line.size).toBe(0)
  })

  it('lets the messages of one sender take turns, too, and those of nobody as of one sender', () => {
    expect(turns(filled([1, 'a@x.example', 4], [2, 'a@x.example', 2]), 2)).toEqual(['1:2', '2:2', '1:2'])
    const line = filled([1, '', 2], [2, '', 1], [3, 'a@x.example', 1])
    expect(turns(line, 1)).toEqual(['1:1', '3:1', '2:1', '1:1'])
  })

  it.each([
    ['news+jo=far.example@x.example', 'news+al=near.example@x.example'],
    ['news-bounces-17@x.example', 'news-bounces-18@x.example'],
    ['prvs=0123abcdef=news@x.example', 'prvs=4567abcdef=news@x.example'],
    ['', ''],
  ])('takes %s and %s for one sender', (one, other) => {
    const parts = [one, other].map((from, index) => [index + 1, from, 1] as const)
    expect(turns(filled(...parts, [3, 'jo@x.example', 1]), 1)).toEqual(['1:1', '3:1', '2:1'])
  })

  it.each([
    ['jo@x.example', 'jo@y.example'],
    ['prvs=0123abcdef=jo@x.example', 'prvs=0123abcdef=al@x.example'],
    ['-jo@x.example', '-al@x.example'],
    ['"+"@x.example', 'al@x.example'],
  ])('takes %s and %s for two', (one, other) => {
    expect([...filled([1, one, 1], [2, other, 1]).senders()]).toHaveLength(2)
  })

  it('passes over senders who may not, and keeps their mail', () => {
    const line = filled([1, 'a@x.example', 1], [2, 'b@x.example', 1])
    expect(line.take(1, (sender) => sender === 'b@x.example')?.message.number).toBe(2)
    expect(line.take(1, () => false)).toBeUndefined()
    expect(turns(line, 1)).toEqual(['1:1'])
  })

  it('knows how many wait of senders who may', () => {
    const line = filled([1, 'a@x.example', 5], [2, 'b@x.example', 2])
    const isB = (sender: string): boolean => sender === 'b@x.example'
    expect([1, 2, 3].map((count) => line.hasFor(isB, count))).toEqual([true, true, false])
    expect([line.hasFor(() => true, 7), line.hasFor(() => false), line.hasFor(() => true, 8)]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('has each recipient once, and knows of whom somebody waits', () => {
    const line = filled([1, 'a@x.example', 2], [1, 'a@x.example', 2])
    expect([line.size, line.has(1_000), line.has(5)]).toEqual([2, true, false])
    expect(line.knows(queuedMessage(9, 'a@x.example'))).toBe(true)
    expect(line.knows(queuedMessage(9, 'b@x.example'))).toBe(false)
    expect(line.clear()).toBe(2)
    expect([line.size, line.take(1)]).toEqual([0, undefined])
  })
})
