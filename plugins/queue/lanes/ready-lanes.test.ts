import { describe, expect, it } from 'vitest'
import { queuedMessage, queuedRecipient } from '../../../test/support/queue/queue-recipients.ts'
import { Lane } from './lane.ts'
import { ReadyLanes } from './ready-lanes.ts'

const health = { initial: 5, most: 20, firstPause: 1, longestPause: 1 }
let number = 0

/** A destination for which somebody waits of each sender. */
function lane(destination: string, ...senders: readonly string[]): Lane {
  const made = new Lane({ destination, fence: 1, pauses: 0, isNew: true }, health)
  for (const from of senders) {
    number++
    made.line.add(queuedRecipient(number, queuedMessage(number, from)))
  }
  return made
}

function names(
  ready: ReadyLanes,
  may: (lane: Lane) => boolean = () => true,
  mayTake: (sender: string) => boolean = () => true,
): readonly string[] {
  const taken: string[] = []
  for (let next = ready.next(may, mayTake); next !== undefined; next = ready.next(may, mayTake))
    taken.push(next.destination)
  return taken
}

describe('destinations that are ready', () => {
  it('come by turns of their senders, however many each has', () => {
    const ready = new ReadyLanes()
    for (let index = 0; index < 1_000; index++) ready.add(lane(`d${index}`, 'news@x.example'))
    ready.add(lane('home', 'jo@x.example'))
    expect(names(ready).slice(0, 3)).toEqual(['d0', 'home', 'd1'])
  })

  it('come for each of their senders', () => {
    const ready = new ReadyLanes()
    ready.add(lane('d0', 'news@x.example'))
    ready.add(lane('both', 'news@x.example', 'jo@x.example'))
    expect(names(ready)).toEqual(['d0', 'both', 'both'])
  })

  it('are left out where they may not, until they are added again', () => {
    const ready = new ReadyLanes()
    const busy = lane('busy', 'news@x.example')
    for (const one of [busy, lane('d1', 'news@x.example')]) ready.add(one)
    expect(names(ready, (one) => one !== busy)).toEqual(['d1'])
    expect(names(ready)).toEqual([])
    ready.add(busy)
    expect(names(ready)).toEqual(['busy'])
  })

  it('stay where their sender may not', () => {
    const ready = new ReadyLanes()
    for (const one of [lane('d0', 'news@x.example'), lane('d1', 'jo@x.example')]) ready.add(one)
    const isJo = (sender: string) => sender === 'jo@x.example'
    expect(names(ready, () => true, isJo)).toEqual(['d1'])
    expect(names(ready)).toEqual(['d0'])
  })

  it('come once for a sender, however often they are added', () => {
    const ready = new ReadyLanes()
    const one = lane('d0', 'news@x.example')
    for (let times = 0; times < 3; times++) ready.add(one)
    expect(names(ready)).toEqual(['d0'])
    expect(names(new ReadyLanes())).toEqual([])
  })
})
