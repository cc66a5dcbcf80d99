// What a hook costs, for each kind, empty and with ten taps that have no opinion, beside raw tapable with the same ten
// promise taps and beside a plain loop that awaits them. All contenders of a kind take turns in one run, so that a change
// in the machine's load meets all.
//
//   node --conditions=mailwright-source test/bench/hooks.ts [rounds] [calls a round]
import process from 'node:process'
import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesWaterfallHook } from 'tapable'
import { systemClock } from '../../core/clock.ts'
import type { HookKind, Tap } from '../../core/hooks/kinds.ts'
import { HookPoint, type HookSettings, type HookSubject } from '../../core/host/hook-point.ts'
import { HistogramCell } from '../../core/metrics/cells.ts'
import { durationBuckets } from '../../core/metrics/metrics.ts'

interface Contender {
  readonly name: string
  readonly call: () => Promise<unknown>
  readonly nanoseconds: number[]
}

const rounds = Number(process.argv[2] ?? 30)
const calls = Number(process.argv[3] ?? 20_000)
const tapCount = 10
const kinds: readonly HookKind[] = ['check', 'claim', 'inspect', 'rewrite', 'notify']

// As a session gives it: the signal lives as long as the session, which is many hook calls.
const subject: HookSubject = { session: 's', transaction: 't', signal: new AbortController().signal }
const settings: HookSettings = {
  clock: systemClock,
  timeout: 30_000,
  observer: { answered: () => undefined, failed: () => undefined, late: () => undefined },
  durations: () => new HistogramCell(durationBuckets),
  fault: () => undefined,
}
const first = { value: 1 }
const second = { value: 2 }

for (const kind of kinds) await measure(kind)

async function measure(kind: HookKind): Promise<void> {
  const contenders = [
    contender('empty hook', ours(kind, 0)),
    contender('an awaited async function', async () => undefined),
    contender('ten taps', ours(kind, tapCount)),
    contender('ten taps, raw tapable', raw(kind)),
    contender('ten taps, plain loop', plain(kind)),
  ]
  for (const each of contenders) await round(each)
  for (const each of contenders) each.nanoseconds.length = 0
  for (let count = 0; count < rounds; count++) for (const each of contenders) await round(each)
  report(kind, contenders)
}

function contender(name: string, call: () => Promise<unknown>): Contender {
  return { name, call, nanoseconds: [] }
}

async function round({ call, nanoseconds }: Contender): Promise<void> {
  const began = process.hrtime.bigint()
  for (let count = 0; count < calls; count++) await call()
  nanoseconds.push(Number(process.hrtime.bigint() - began) / calls)
}

/** Our hook, called as the flow calls it. */
function ours(kind: HookKind, taps: number): () => Promise<unknown> {
  const point = new HookPoint('bench.hook', kind, settings)
  for (let index = 0; index < taps; index++) point.facade('bench', 0).tap(`tap-${index}`, tap())
  point.freeze()
  if (kind === 'inspect') return () => point.collect([first, second], subject)
  if (kind === 'rewrite') return () => point.rewrite(first, [second], subject)
  if (kind === 'notify') return () => point.notify([first, second], subject)
  return () => point.decide([first, second], subject)
}

function tap(): Tap<readonly unknown[], unknown> {
  return async () => undefined
}

function raw(kind: HookKind): () => Promise<unknown> {
  const hook = rawHook(kind)
  for (let index = 0; index < tapCount; index++) hook.tapPromise(`tap-${index}`, async () => undefined)
  return () => hook.promise(first, second)
}

type RawHook =
  | AsyncSeriesBailHook<[unknown, unknown], unknown>
  | AsyncSeriesWaterfallHook<[unknown, unknown]>
  | AsyncParallelHook<[unknown, unknown]>

function rawHook(kind: HookKind): RawHook {
  if (kind === 'rewrite') return new AsyncSeriesWaterfallHook(['first', 'second'])
  if (kind === 'inspect' || kind === 'notify') return new AsyncParallelHook(['first', 'second'])
  return new AsyncSeriesBailHook(['first', 'second'])
}

function plain(kind: HookKind): () => Promise<unknown> {
  const taps = Array.from(
    { length: tapCount },
    () =>
      async (_first: unknown, _second: unknown): Promise<unknown> =>
        undefined,
  )
  if (kind === 'inspect' || kind === 'notify') return () => Promise.all(taps.map((run) => run(first, second)))
  return async () => {
    for (const run of taps) {
      const answer = await run(first, second)
      if (answer !== undefined) return answer
    }
    return undefined
  }
}

function report(kind: HookKind, contenders: readonly Contender[]): void {
  const reference = median(contenders.find(({ name }) => name.includes('raw'))?.nanoseconds ?? [])
  console.log(`${kind}: median of ${rounds} rounds of ${calls} calls`)
  for (const { name, nanoseconds } of contenders) {
    const figure = median(nanoseconds)
    const ratio = (figure / reference).toFixed(2)
    console.log(`  ${name.padEnd(28)}${figure.toFixed(0).padStart(7)} ns  ${ratio.padStart(6)} × raw tapable`)
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}
