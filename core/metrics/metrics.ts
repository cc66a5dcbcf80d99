/**
 * What a plugin and the core count and measure, for whoever shows it (the `metrics` plugin does). Counting is an addition of numbers;
 * everything else happens when somebody asks. A metric may be declared again with the same words, as two instances of one plugin do:
 * they share it then. MAIL_E_SETUP for a name that is none, or one that is taken by a metric of another kind.
 */
export interface Metrics {
  /** Something that only grows. Its name ends in `_total`. */
  counter<const Labels extends readonly string[] = []>(
    definition: MetricDefinition<Labels>,
  ): Labelled<Counter, Labels>
  /** Something that goes up and down. */
  gauge<const Labels extends readonly string[] = []>(
    definition: GaugeDefinition<Labels>,
  ): Labelled<Gauge, Labels>
  /** How values are spread, such as durations in seconds. */
  histogram<const Labels extends readonly string[] = []>(
    definition: HistogramDefinition<Labels>,
  ): Labelled<Histogram, Labels>
  /**
   * A figure that is asked for when somebody looks. What fails or answers too late is left out that time, and a question that is
   * still open is not asked again.
   */
  observe<const Labels extends readonly string[] = []>(
    definition: ObservedDefinition<Labels>,
    ask: () => Observed<Labels> | Promise<Observed<Labels>>,
  ): void
  /** All metrics of this system, with several workers those of all together. MAIL_E_UNAVAILABLE where the others cannot be asked. */
  gather(): Promise<readonly MetricFamily[]>
}

/** What a metric is. */
export interface MetricDefinition<Labels extends readonly string[] = readonly string[]> {
  /** By the conventions of Prometheus: `mailwright_<what>_<unit>`, in seconds and bytes. */
  readonly name: string
  /** One line for people. */
  readonly help: string
  /** Names of the labels. Their values come from a small set: each combination is kept in memory for good. */
  readonly labels?: Labels
  /** How many combinations of label values are kept apart; all others are counted as one, with the value `other`. 200 */
  readonly limit?: number
}

export interface GaugeDefinition<Labels extends readonly string[] = readonly string[]>
  extends MetricDefinition<Labels> {
  /** What several workers' values are together. `sum` */
  readonly combine?: Combination
}

export type Combination = 'sum' | 'max' | 'min'

export interface HistogramDefinition<Labels extends readonly string[] = readonly string[]>
  extends MetricDefinition<Labels> {
  /** Upper limits, ascending; there is one more bucket for what is above the last. */
  readonly buckets: readonly number[]
}

export interface ObservedDefinition<Labels extends readonly string[] = readonly string[]>
  extends GaugeDefinition<Labels> {
  /** `counter` for what only grows, such as the processor time of a process. `gauge` */
  readonly type?: 'gauge' | 'counter'
  /** All workers would say the same, since it is about what they share: only one of them is asked. `false` */
  readonly shared?: boolean
  /** Milliseconds for the answer, up to 3000. 2000 */
  readonly timeout?: number
}

/** One value, nothing to say, or values by label values in the order of the labels. */
export type Observed<Labels extends readonly string[]> =
  | number
  | undefined
  | readonly { readonly labels: LabelValues<Labels>; readonly value: number }[]

/** A text for each label. */
export type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string }

/** A metric by the values of its labels. */
export interface Labelled<Child, Labels extends readonly string[]> {
  /** The one for these values, in the order of the labels. May be kept by whoever needs it often. */
  of(...values: [...LabelValues<Labels>]): Child
}

export interface Counter {
  /** Adds 1, or an amount above 0. */
  add(amount?: number): void
}

export interface Gauge {
  set(value: number): void
  /** Adds an amount, which may be below 0. */
  add(amount: number): void
}

export interface Histogram {
  /** Counts a value; what is below 0 counts as 0, and what is not finite not at all. */
  observe(value: number): void
}

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** A metric with its values at some moment: plain data, to be shown or sent. */
export interface MetricFamily {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly labels: readonly string[]
  readonly limit: number
  /** Of gauges. */
  readonly combine?: Combination
  /** Of histograms. */
  readonly buckets?: readonly number[]
  readonly samples: readonly MetricSample[]
}

export interface MetricSample {
  /** In the order of the family's labels. */
  readonly labels: readonly string[]
  /** Of a histogram, the sum of all values. */
  readonly value: number
  /** Of a histogram: how many values are in each bucket alone, one more than there are limits. */
  readonly counts?: readonly number[]
}

/** Limits in seconds that fit what takes from a tenth of a millisecond to half a minute. */
export const durationBuckets: readonly number[] = [
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30,
]
