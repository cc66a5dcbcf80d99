import { describe, expect, test } from 'vitest'
import { capturedLog } from '../testing/captured-log.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { turns } from '../testing/turns.ts'
import type { Peers } from '../workers/peers.ts'
import { HostMetrics, type MetricStore } from './host-metrics.ts'
import type { MetricDefinition, MetricFamily } from './metrics.ts'

function setUp({ store = new Map(), peers }: { store?: MetricStore; peers?: Peers } = {}) {
  const clock = fakeClock()
  const log = capturedLog()
  return { clock, log, store, metrics: new HostMetrics({ store, clock, log, peers }) }
}

async function samples(metrics: HostMetrics, name: string): Promise<MetricFamily['samples'] | undefined> {
  return (await metrics.gather()).find((family) => family.name === name)?.samples
}

const help = 'What it is.'

describe('counters, gauges and histograms', () => {
  test('count by the values of their labels', async () => {
    const { metrics } = setUp()
    const sent = metrics.counter({ name: 'sent_total', help, labels: ['role', 'reply'] })
    sent.of('transfer', '2xx').add()
    sent.of('transfer', '2xx').add(2)
    sent.of('transfer', '5xx').add(0)
    sent.of('transfer', '5xx').add(-7)
    sent.of('transfer', '5xx').add(Number.NaN)
    const open = metrics.gauge({ name: 'sessions_open', help })
    open.of().add(3)
    open.of().add(-1)
    expect(await samples(metrics, 'sent_total')).toEqual([
      { labels: ['transfer', '2xx'], value: 3 },
      { labels: ['transfer', '5xx'], value: 0 },
    ])
    expect(await samples(metrics, 'sessions_open')).toEqual([{ labels: [], value: 2 }])
    open.of().set(Number.NaN)
    expect(await samples(metrics, 'sessions_open')).toEqual([])
  })

  test('a histogram has each value in one bucket: a limit is in its own', async () => {
    const { metrics } = setUp()
    const took = metrics.histogram({ name: 'took_seconds', help, buckets: [0.1, 1] }).of()
    for (const value of [0, 0.1, 0.5, 1, 2, Number.POSITIVE_INFINITY, -1, Number.NaN]) took.observe(value)
    expect(await samples(metrics, 'took_seconds')).toEqual([{ labels: [], value: 3.6, counts: [3, 2, 1] }])
  })

  test('what has no labels is there as 0 before anything has happened', async () => {
    const { metrics } = setUp()
    metrics.counter({ name: 'sent_total', help })
    expect(await samples(metrics, 'sent_total')).toEqual([{ labels: [], value: 0 }])
  })

  test('label values beyond the limit are counted as one, and cost no memory', async () => {
    const { metrics } = setUp()
    const seen = metrics.counter({ name: 'seen_total', help, labels: ['domain', 'kind'], limit: 3 })
    for (let index = 0; index < 100_000; index++) seen.of(`d${index}.example`, 'x').add()
    seen.of('d1.example', 'x').add()
    expect(await samples(metrics, 'seen_total')).toEqual([
      { labels: ['d0.example', 'x'], value: 1 },
      { labels: ['d1.example', 'x'], value: 2 },
      { labels: ['d2.example', 'x'], value: 1 },
      { labels: ['other', 'other'], value: 99_997 },
    ])
  })

  test('label values of any kind are cut to good texts of limited length', async () => {
    const { metrics } = setUp()
    const seen = metrics.counter({ name: 'seen_total', help, labels: ['what'] })
    for (let index = 0; index < 3; index++) seen.of('x'.repeat(10_000)).add()
    seen.of('\ud800').add()
    ;(seen.of as (...values: unknown[]) => { add(): void })().add()
    ;(seen.of as (...values: unknown[]) => { add(): void })(7).add()
    expect(await samples(metrics, 'seen_total')).toEqual([
      { labels: ['x'.repeat(120)], value: 3 },
      { labels: ['\ufffd'], value: 1 },
      { labels: [''], value: 1 },
      { labels: ['7'], value: 1 },
    ])
  })
})

describe('declaring', () => {
  test.each<[string, MetricDefinition & { buckets?: number[] }, RegExp]>([
    ['counter', { name: 'sent', help }, /lower case/],
    ['counter', { name: 'Sent_total', help }, /lower case/],
    ['counter', { name: 'x{y="z"}\n_total', help }, /lower case/],
    ['counter', { name: 'mails_sent', help }, /ends in _total/],
    ['gauge', { name: 'mails_total', help }, /only .* counter/],
    ['gauge', { name: 'mails_count', help }, /histogram/],
    ['histogram', { name: 'mails_sum', help, buckets: [1] }, /histogram/],
    ['histogram', { name: 'took_seconds', help, buckets: [] }, /buckets/],
    ['histogram', { name: 'took_seconds', help, buckets: [1, 1] }, /buckets/],
    ['histogram', { name: 'took_seconds', help, buckets: [Number.NaN] }, /buckets/],
    ['gauge', { name: 'mails_open', help: 'two\nlines' }, /help/],
    ['gauge', { name: 'mails_open', help: '' }, /help/],
    ['gauge', { name: 'mails_open', help, labels: ['le'] }, /label/],
    ['gauge', { name: 'mails_open', help, labels: ['a', 'a'] }, /twice/],
    ['gauge', { name: 'mails_open', help, limit: 0 }, /limit/],
    ['gauge', { name: 'mails_open', help, limit: 1e9 }, /limit/],
  ])('a %s as %j is refused', (kind, definition, problem) => {
    const { metrics } = setUp()
    const declare = () => metrics[kind as 'gauge'](definition)
    expect(declare).toThrow(problem)
    expect(declare).toThrow(expect.objectContaining({ code: 'MAIL_E_SETUP' }))
  })

  test('again with the same words shares it, with others is refused', async () => {
    const { metrics } = setUp()
    const definition = { name: 'sent_total', help, labels: ['role'] } as const
    metrics.counter(definition).of('a').add()
    metrics.counter(definition).of('a').add()
    expect(await samples(metrics, 'sent_total')).toEqual([{ labels: ['a'], value: 2 }])
    expect(() => metrics.counter({ ...definition, labels: ['reply'] })).toThrow(/declared already/)
    expect(() => metrics.observe({ ...definition, type: 'counter' }, () => [])).toThrow(/declared already/)
    metrics.observe({ name: 'x_open', help }, () => 1)
    expect(() => metrics.gauge({ name: 'x_open', help })).toThrow(/declared already/)
  })

  test('there is a limit to how many there are', () => {
    const { metrics } = setUp()
    const declare = (index: number) => metrics.counter({ name: `c${index}_total`, help })
    for (let index = 0; index < 2_000; index++) declare(index)
    expect(() => declare(2_000)).toThrow(/label/)
    expect(() => declare(0)).not.toThrow()
  })

  test('counters go on after a reload, unless they have become others', async () => {
    const first = setUp()
    first.metrics.counter({ name: 'a_total', help }).of().add(5)
    first.metrics.counter({ name: 'b_total', help }).of().add(5)
    first.metrics.counter({ name: 'gone_total', help }).of().add(5)
    const next = setUp({ store: first.store })
    next.metrics.counter({ name: 'a_total', help }).of().add(1)
    next.metrics
      .counter({ name: 'b_total', help, labels: ['x'] })
      .of('y')
      .add(1)
    expect(await next.metrics.gather()).toMatchObject([
      { name: 'a_total', samples: [{ value: 6 }] },
      { name: 'b_total', samples: [{ labels: ['y'], value: 1 }] },
    ])
  })
})

describe('what is asked for when somebody looks', () => {
  test('one value, several, or none', async () => {
    const { metrics } = setUp()
    metrics.observe({ name: 'a_open', help }, () => 7)
    metrics.observe({ name: 'b_open', help, labels: ['x'] }, async () => [
      { labels: ['one'], value: 1 },
      { labels: ['two'], value: Number.POSITIVE_INFINITY },
    ])
    metrics.observe({ name: 'c_open', help }, () => undefined)
    expect(await samples(metrics, 'a_open')).toEqual([{ labels: [], value: 7 }])
    expect(await samples(metrics, 'b_open')).toEqual([{ labels: ['one'], value: 1 }])
    expect(await samples(metrics, 'c_open')).toEqual([])
  })

  test('two who say the same thing are added up', async () => {
    const { metrics } = setUp()
    metrics.observe({ name: 'a_open', help, labels: ['x'] }, () => [{ labels: ['y'], value: 1 }])
    metrics.observe({ name: 'a_open', help, labels: ['x'] }, () => [{ labels: ['y'], value: 2 }])
    expect(await samples(metrics, 'a_open')).toEqual([{ labels: ['y'], value: 3 }])
  })

  test('ten thousand answers are told up to the limit, and as "other"', async () => {
    const { metrics } = setUp()
    metrics.observe({ name: 'a_open', help, labels: ['x'], limit: 5 }, () =>
      Array.from({ length: 10_000 }, (_, index) => ({ labels: [`d${index}`], value: 1 })),
    )
    const told = (await samples(metrics, 'a_open')) ?? []
    expect(told).toHaveLength(6)
    expect(told.at(-1)).toEqual({ labels: ['other'], value: 9_995 })
  })

  test('what fails is left out, and said once', async () => {
    const { metrics, log } = setUp()
    let fails = true
    metrics.observe({ name: 'a_open', help }, () => {
      if (fails) throw new Error('away')
      return 1
    })
    metrics.observe({ name: 'b_open', help }, () => 2)
    expect(await samples(metrics, 'a_open')).toEqual([])
    expect(await samples(metrics, 'b_open')).toEqual([{ labels: [], value: 2 }])
    expect(log.lines).toMatchObject([{ event: 'unavailable', metric: 'a_open', error: 'away' }])
    fails = false
    expect(await samples(metrics, 'a_open')).toEqual([{ labels: [], value: 1 }])
  })

  test('what does not answer is not waited for, and not asked again meanwhile', async () => {
    const { metrics, clock } = setUp()
    let asked = 0
    metrics.observe({ name: 'a_open', help, timeout: 100 }, () => {
      asked++
      return new Promise<number>(() => undefined)
    })
    for (let round = 0; round < 3; round++) {
      const told = samples(metrics, 'a_open')
      await turns()
      clock.advance(100)
      expect(await told).toEqual([])
    }
    expect(asked).toBe(1)
    expect(clock.waiting).toBe(0)
  })

  test('what fails after its time harms nobody', async () => {
    const { metrics, clock } = setUp()
    const late = Promise.withResolvers<number>()
    metrics.observe({ name: 'a_open', help }, () => late.promise)
    const told = samples(metrics, 'a_open')
    await turns()
    clock.advance(2_000)
    expect(await told).toEqual([])
    late.reject(new Error('at last'))
    await turns()
    expect(clock.waiting).toBe(0)
  })

  test.each([0, -1, 3_001, Number.NaN])('a timeout of %d is refused', (timeout) => {
    expect(() => setUp().metrics.observe({ name: 'a_open', help, timeout }, () => 1)).toThrow(/timeout/)
  })
})

describe('beside other workers', () => {
  const peersSaying = (answers: readonly unknown[]): Peers => ({
    ask: async () => ({ answers, silent: 0, starting: 0 }),
  })

  test('all are added up; what all share is asked once', async () => {
    const other = setUp()
    const declare = ({ metrics }: ReturnType<typeof setUp>, value: number) => {
      metrics.counter({ name: 'a_total', help }).of().add(value)
      metrics.observe({ name: 'waiting_open', help, shared: true }, () => value)
      metrics.observe({ name: 'lag_seconds', help, combine: 'max' }, () => value)
    }
    declare(other, 2)
    const own = setUp({ peers: peersSaying([await other.metrics.own(true), await other.metrics.own(true)]) })
    declare(own, 1)
    expect(await samples(own.metrics, 'a_total')).toEqual([{ labels: [], value: 5 }])
    expect(await samples(own.metrics, 'waiting_open')).toEqual([{ labels: [], value: 1 }])
    expect(await samples(own.metrics, 'lag_seconds')).toEqual([{ labels: [], value: 2 }])
  })

  test('many who look at the same time make one question', async () => {
    let asked = 0
    const ask: Peers['ask'] = async () => {
      asked++
      return { answers: [], silent: 0, starting: 0 }
    }
    const { metrics } = setUp({ peers: { ask } })
    await Promise.all(Array.from({ length: 20 }, () => metrics.gather()))
    expect(asked).toBe(1)
    await metrics.gather()
    expect(asked).toBe(2)
  })

  test('where the others cannot be asked nothing is told: less than before would be wrong', async () => {
    const { metrics } = setUp({ peers: { ask: () => Promise.reject(new Error('away')) } })
    metrics.counter({ name: 'a_total', help }).of().add(1)
    await expect(metrics.gather()).rejects.toThrow('away')
  })
})
