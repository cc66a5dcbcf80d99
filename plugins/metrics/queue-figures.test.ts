import {
  definePlugin,
  emptyQueue,
  noOptions,
  type Queue,
  type QueueStatistics,
  type QueueTotal,
  queue,
} from 'mailwright'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import metrics from './index.ts'

let clock: FakeClock
let host: TestHost
let waiting: QueueStatistics
let asked: (number | undefined)[]
let manageable: boolean
let fails: boolean
/** Counting does not end before. */
let open: Promise<void>

const fakeQueue = definePlugin({
  name: 'fake-queue',
  provides: [queue],
  parseOptions: noOptions,
  setup({ provide }) {
    const service: Partial<Queue> = {
      ...emptyQueue,
      get supports() {
        return { retries: true, manageable }
      },
      async statistics(limit) {
        asked.push(limit)
        await open
        if (fails) throw new Error('away')
        return waiting
      },
    }
    provide(queue, service as Queue)
    return undefined
  },
})

beforeEach(async () => {
  clock = fakeClock()
  waiting = await emptyQueue.statistics()
  asked = []
  manageable = true
  fails = false
  open = Promise.resolve()
  host = await createTestHost({ plugins: [fakeQueue(), metrics({ destinations: 2 })], clock })
})

afterEach(() => host.stop())

async function told(name: string): Promise<readonly string[]> {
  const families = await host.host.instruments.metrics.gather()
  const samples = families.find((family) => family.name === `mailwright_queue_${name}`)?.samples ?? []
  return samples.map(({ labels, value }) => `${labels.join(' ')}: ${value}`)
}

/** What waits for two destinations, and for others. */
function counted(total: Partial<QueueTotal> = {}): QueueStatistics {
  const ages = [9, 0, 0, 0, 0, 0, 0, 0, 0, 3]
  const oldest = clock.now() - 90 * 60_000
  const of = (destination: string, recipients: number): QueueStatistics['destinations'][number] => ({
    destination,
    recipients,
    ages,
    oldest,
    pausedUntil: undefined,
  })
  return {
    total: { recipients: 12, held: 2, ages, oldest, destinations: 7, paused: 1, ...total },
    destinations: [of('a.example', 5), of('b.example', 4)],
  }
}

test('an empty queue', async () => {
  expect(await told('destinations')).toEqual([': 0'])
  expect(await told('oldest_age_seconds')).toEqual([': 0'])
  expect(await told('destination_recipients')).toEqual(['other: 0'])
  expect(await told('destination_oldest_age_seconds')).toEqual([])
  expect(await told('recipients')).toHaveLength(10)
})

test('what waits, by age and by destination', async () => {
  waiting = counted()
  expect(await told('destinations')).toEqual([': 7'])
  expect(await told('paused_destinations')).toEqual([': 1'])
  expect(await told('oldest_age_seconds')).toEqual([': 5400'])
  expect(await told('held_recipients')).toEqual([': 2'])
  expect(await told('destination_recipients')).toEqual(['a.example: 5', 'b.example: 4', 'other: 3'])
  expect(await told('destination_oldest_age_seconds')).toEqual(['a.example: 5400', 'b.example: 5400'])
  const byAge = await told('recipients')
  expect([byAge.at(0), byAge.at(1), byAge.at(-1)]).toEqual(['5: 9', '10: 0', 'more: 3'])
  expect(asked).toEqual([2])
})

test('the queue is asked once in ten seconds, and after a failure by the next', async () => {
  fails = true
  expect(await told('destinations')).toEqual([])
  fails = false
  const before = asked.length
  expect(await told('destinations')).toEqual([': 0'])
  await told('recipients')
  expect(asked).toHaveLength(before + 1)
  clock.advance(10_000)
  await told('destinations')
  expect(asked).toHaveLength(before + 2)
})

test('a long queue, which takes its time to be counted, is counted seldom', async () => {
  const counting = Promise.withResolvers<void>()
  open = counting.promise
  const first = told('destinations')
  await turns()
  clock.advance(1_500)
  counting.resolve()
  expect(await first).toEqual([': 0'])
  clock.advance(29_999)
  await told('destinations')
  expect(asked).toHaveLength(1)
  clock.advance(1)
  await told('destinations')
  expect(asked).toHaveLength(2)
})

test('while it is counted again, the figures from before are told', async () => {
  waiting = counted()
  await told('destinations')
  clock.advance(10_000)
  const counting = Promise.withResolvers<void>()
  open = counting.promise
  waiting = counted({ destinations: 8 })
  for (let scrape = 0; scrape < 2; scrape++) {
    const answer = told('destinations')
    await turns()
    clock.advance(1_000)
    expect(await answer).toEqual([': 7'])
  }
  counting.resolve()
  await turns()
  expect(await told('destinations')).toEqual([': 8'])
  expect(asked).toHaveLength(2)
})

test('a queue in which nothing waits tells nothing', async () => {
  manageable = false
  expect(await told('destinations')).toEqual([])
  expect(asked).toEqual([])
})

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
