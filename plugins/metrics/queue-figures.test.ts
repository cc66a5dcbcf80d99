import { definePlugin, noOptions, type Queue, type QueueDestination, type QueueItem, queue } from 'mailwright'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import metrics from './index.ts'

let clock: FakeClock
let host: TestHost
let waiting: readonly QueueDestination[]
let held: number
let asked: number
let manageable: boolean
let fails: boolean

const fakeQueue = definePlugin({
  name: 'fake-queue',
  provides: [queue],
  parseOptions: noOptions,
  setup({ provide }) {
    const service: Partial<Queue> = {
      get supports() {
        return { retries: true, manageable }
      },
      async statistics(limit) {
        asked++
        if (fails) throw new Error('away')
        return waiting.slice(0, limit)
      },
      list: async () => Array.from({ length: held }, () => ({}) as QueueItem),
    }
    provide(queue, service as Queue)
    return undefined
  },
})

beforeEach(async () => {
  clock = fakeClock()
  waiting = []
  held = 0
  asked = 0
  manageable = true
  fails = false
  host = await createTestHost({ plugins: [fakeQueue(), metrics({ destinations: 2 })], clock })
})

afterEach(() => host.stop())

async function told(name: string): Promise<readonly string[]> {
  const families = await host.host.instruments.metrics.gather()
  const samples = families.find((family) => family.name === `mailwright_queue_${name}`)?.samples ?? []
  return samples.map(({ labels, value }) => `${labels.join(' ')}: ${value}`)
}

const destination = (name: string, recipients: number, minutes = 0): QueueDestination => ({
  destination: name,
  recipients,
  ages: [recipients - 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  oldest: clock.now() - minutes * 60_000,
  pausedUntil: minutes > 60 ? new Date(clock.now() + 1_000) : undefined,
})

test('an empty queue', async () => {
  expect(await told('destinations')).toEqual([': 0'])
  expect(await told('oldest_age_seconds')).toEqual([': 0'])
  expect(await told('destination_recipients')).toEqual(['other: 0'])
  expect(await told('recipients')).toHaveLength(10)
})

test('what waits, by age and by destination', async () => {
  waiting = [destination('c.example', 3, 7), destination('a.example', 5, 90), destination('b.example', 4)]
  held = 2
  expect(await told('destinations')).toEqual([': 3'])
  expect(await told('paused_destinations')).toEqual([': 1'])
  expect(await told('oldest_age_seconds')).toEqual([': 5400'])
  expect(await told('held_messages')).toEqual([': 2'])
  expect(await told('destination_recipients')).toEqual(['a.example: 5', 'b.example: 4', 'other: 3'])
  const byAge = await told('recipients')
  expect([byAge.at(0), byAge.at(1), byAge.at(-1)]).toEqual(['5: 9', '10: 0', 'more: 3'])
})

test('ten thousand destinations are as many lines as three', async () => {
  waiting = Array.from({ length: 10_000 }, (_, index) => destination(`d${index}.example`, 1))
  expect(await told('destination_recipients')).toEqual(['d0.example: 1', 'd1.example: 1', 'other: 998'])
  expect(await told('destinations')).toEqual([': 1000'])
})

test('the queue is asked once in ten seconds, and after a failure by the next', async () => {
  fails = true
  expect(await told('destinations')).toEqual([])
  fails = false
  const before = asked
  expect(await told('destinations')).toEqual([': 0'])
  await told('recipients')
  expect(asked).toBe(before + 1)
  clock.advance(10_000)
  await told('destinations')
  expect(asked).toBe(before + 2)
})

test('a queue in which nothing waits tells nothing', async () => {
  manageable = false
  expect(await told('destinations')).toEqual([])
  expect(asked).toBe(0)
})
