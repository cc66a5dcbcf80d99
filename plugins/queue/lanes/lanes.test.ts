import { describe, expect, it } from 'vitest'
import { queuedMessage, queuedRecipient } from '../../../test/support/queue/queue-recipients.ts'
import type { Lane } from './lane.ts'
import { Lanes } from './lanes.ts'

const health = { initial: 5, most: 20, firstPause: 1, longestPause: 1 }

function laneIn(lanes: Lanes, destination = 'far.example', fence = 1, owner = ''): Lane {
  const rest = { due: 0, paused_until: 0, pauses: 0, moving: null, last: null, isNew: false }
  return lanes.open({ destination, fence, owner, ...rest }, 'me', 0)
}

function fill(lanes: Lanes, lane: Lane, count: number, from = 'a@x.example', first = 0): void {
  const message = queuedMessage(first + 1, from)
  for (let number = 0; number < count; number++) lanes.push(lane, queuedRecipient(first + number, message))
}

describe('destinations in memory', () => {
  it('have so many recipients together, and each its share', () => {
    const lanes = new Lanes({ health, recipientsInMemory: 100 })
    const big = laneIn(lanes)
    fill(lanes, big, 300)
    expect(big.line.size).toBe(100)
    expect(big.more).toBe(true)
    const small = laneIn(lanes, 'near.example')
    fill(lanes, small, 20, 'a@x.example', 1_000)
    expect(small.line.size).toBe(5)
    lanes.close(big)
    expect(lanes.roomOf(small)).toBe(95)
    expect([lanes.room, lanes.roomForWaiting]).toEqual([99, 74])
  })

  it('are as many as recipients, each with somebody in memory', () => {
    const lanes = new Lanes({ health, recipientsInMemory: 100 })
    const all = Array.from({ length: 100 }, (_, index) => laneIn(lanes, `d${index}.example`))
    for (const [index, lane] of all.entries()) fill(lanes, lane, 3, 'a@x.example', 10 * index)
    expect(lanes.room).toBe(0)
    expect(all.map((lane) => lane.line.size).every((size) => size >= 1)).toBe(true)
    expect(all.reduce((sum, lane) => sum + lane.line.size, 0)).toBeLessThanOrEqual(200)
  })

  it('have room for a sender of whom nobody waits, also in a line that others fill', () => {
    const lanes = new Lanes({ health, recipientsInMemory: 100_000 })
    const lane = laneIn(lanes)
    fill(lanes, lane, 5_000)
    const { size } = lane.line
    fill(lanes, lane, 5, 'b@x.example', 10_000)
    expect(lane.line.size).toBe(size + 1)
    for (let sender = 0; sender < 5_000; sender++)
      fill(lanes, lane, 1, `s${sender}@x.example`, 20_000 + sender)
    expect(lane.line.size).toBeLessThanOrEqual(2 * size)
  })

  it('never have one twice, whose delivery is under way, for whatever destination', () => {
    const lanes = new Lanes({ health, recipientsInMemory: 100 })
    const lane = laneIn(lanes)
    fill(lanes, lane, 2)
    const turn = lanes.take(lane, 10)
    fill(lanes, lane, 2)
    expect(lane.line.size).toBe(0)
    lanes.close(lane)
    const next = laneIn(lanes)
    fill(lanes, next, 2)
    expect([next.line.size, lanes.isBusy(0)]).toEqual([0, true])
    const finished = lanes.beginLoad()
    lanes.finish(lane, turn?.recipients ?? [])
    expect([...finished]).toEqual([0, 1])
    lanes.endLoad(finished)
    fill(lanes, next, 2)
    expect(next.line.size).toBe(2)
  })

  it('keep the right to write what was under way where nobody else has had them', () => {
    const lanes = new Lanes({ health, recipientsInMemory: 100 })
    const lane = laneIn(lanes)
    fill(lanes, lane, 1)
    lanes.take(lane, 1)
    lanes.close(lane)
    laneIn(lanes, 'far.example', 2, 'me')
    expect(lane.fence).toBe(2)
    laneIn(lanes, 'far.example', 4, 'another')
    expect(lane.fence).toBe(2)
  })
})
