import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Peers } from '../workers/peers.ts'
import { type Cell, CounterCell, GaugeCell, HistogramCell } from './cells.ts'
import { combineFamilies } from './combine.ts'
import { Family, type FamilyShape } from './family.ts'
import type {
  Counter,
  Gauge,
  GaugeDefinition,
  Histogram,
  HistogramDefinition,
  Labelled,
  MetricDefinition,
  MetricFamily,
  Metrics,
  Observed,
  ObservedDefinition,
} from './metrics.ts'
import { ObservedFigure } from './observations.ts'
import { refuse, shapeOf } from './shape.ts'

const usualTimeout = 2_000
// Whoever scrapes waits ten seconds, and there may be other workers to ask.
const longestTimeout = 3_000
const mostFamilies = 2_000

/** What was counted since the process began. It outlives the hosts of its reloads, so that counters only grow. */
export type MetricStore = Map<string, Family>

/** What the metrics of a host need. */
export interface HostMetricsParts {
  readonly store: MetricStore
  readonly clock: Clock
  readonly log: Log
  /** The other workers, where there are some. */
  readonly peers: Peers | undefined
}

/** The metrics that one host and its plugins have declared; see {@link Metrics}. */
export class HostMetrics implements Metrics {
  readonly #parts: HostMetricsParts
  readonly #families = new Map<string, Family>()
  readonly #figures: ObservedFigure[] = []
  #gathering: Promise<readonly MetricFamily[]> | undefined

  constructor(parts: HostMetricsParts) {
    this.#parts = parts
  }

  counter<const Labels extends readonly string[] = []>(
    definition: MetricDefinition<Labels>,
  ): Labelled<Counter, Labels> {
    return this.#declare(shapeOf('counter', definition), () => new CounterCell())
  }

  gauge<const Labels extends readonly string[] = []>(
    definition: GaugeDefinition<Labels>,
  ): Labelled<Gauge, Labels> {
    return this.#declare(shapeOf('gauge', definition), () => new GaugeCell())
  }

  histogram<const Labels extends readonly string[] = []>(
    definition: HistogramDefinition<Labels>,
  ): Labelled<Histogram, Labels> {
    const shape = shapeOf('histogram', definition)
    return this.#declare(shape, () => new HistogramCell(shape.buckets ?? []))
  }

  observe<const Labels extends readonly string[] = []>(
    definition: ObservedDefinition<Labels>,
    ask: () => Observed<Labels> | Promise<Observed<Labels>>,
  ): void {
    const { type = 'gauge', shared = false, timeout = usualTimeout } = definition
    const shape = shapeOf(type, definition)
    const other = this.#figures.find(({ shape: { name } }) => name === shape.name)
    if (this.#families.has(shape.name) || (other !== undefined && !sameShape(other.shape, shape)))
      refuse(shape.name, 'it is declared already, and differently')
    if (!(timeout > 0 && timeout <= longestTimeout))
      refuse(shape.name, `its timeout is not a number of milliseconds up to ${longestTimeout}`)
    this.#limit(shape.name)
    const { clock, log } = this.#parts
    this.#figures.push(new ObservedFigure({ shape, shared, timeout, ask }, clock, log))
  }

  #declare<Own extends Cell>(shape: FamilyShape, make: () => Own): Family<Own> {
    const known = this.#families.get(shape.name)
    const isFigure = this.#figures.some(({ shape: { name } }) => name === shape.name)
    if (isFigure || known?.is(shape) === false) refuse(shape.name, 'it is declared already, and differently')
    // A cell's kind follows from the shape's.
    if (known !== undefined) return known as Family<Own>
    this.#limit(shape.name)
    const kept = this.#parts.store.get(shape.name)
    const family = kept?.is(shape) === true ? (kept as Family<Own>) : new Family(shape, make)
    this.#parts.store.set(shape.name, family)
    this.#families.set(shape.name, family)
    return family
  }

  #limit(name: string): void {
    if (this.#families.size + this.#figures.length >= mostFamilies)
      refuse(name, `there are ${mostFamilies} already; what differs belongs into a label`)
  }

  /** What this process alone has; for another worker, without what all would say alike. Never rejects. */
  async own(forPeer: boolean): Promise<readonly MetricFamily[]> {
    const asked = this.#figures.filter(({ shared }) => !(forPeer && shared))
    const figures = await Promise.all(asked.map((figure) => figure.snapshot()))
    const counted = [...this.#families.values()].map((family) => family.snapshot())
    return combineFamilies([counted, figures])
  }

  gather(): Promise<readonly MetricFamily[]> {
    this.#gathering ??= this.#gather().finally(() => {
      this.#gathering = undefined
    })
    return this.#gathering
  }

  async #gather(): Promise<readonly MetricFamily[]> {
    const { peers } = this.#parts
    const own = await this.own(false)
    if (peers === undefined) return own
    // The process that keeps the workers goes on counting for this one, should it end.
    const { answers } = await peers.ask('metrics', own)
    return combineFamilies([own, ...(answers as readonly (readonly MetricFamily[])[])])
  }
}

function sameShape(one: FamilyShape, other: FamilyShape): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
