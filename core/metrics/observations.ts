import type { Clock } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import type { Log } from '../log.ts'
import { combineFamilies } from './combine.ts'
import { type FamilyShape, shownValue } from './family.ts'
import type { MetricFamily, MetricSample, Observed } from './metrics.ts'

type Ask = () => Observed<readonly string[]> | Promise<Observed<readonly string[]>>

/** One figure that is asked for, by whoever declared it. */
export interface Observation {
  readonly shape: FamilyShape
  readonly shared: boolean
  readonly timeout: number
  readonly ask: Ask
}

/** Asks for a figure whenever somebody looks, one question at a time; see {@link Metrics.observe}. */
export class ObservedFigure {
  readonly shape: FamilyShape
  readonly shared: boolean
  readonly #observation: Observation
  readonly #clock: Clock
  readonly #log: Log
  #open: Promise<Observed<readonly string[]>> | undefined
  #failed = false

  constructor(observation: Observation, clock: Clock, log: Log) {
    this.shape = observation.shape
    this.shared = observation.shared
    this.#observation = observation
    this.#clock = clock
    this.#log = log
  }

  /** With no samples where there is no answer. Never rejects. */
  async snapshot(): Promise<MetricFamily> {
    try {
      const samples = samplesOf(this.shape, await this.#answer())
      this.#failed = false
      return { ...this.shape, samples }
    } catch (error) {
      // Whoever scrapes comes again and again.
      if (!this.#failed) this.#log.warn('unavailable', { metric: this.shape.name, error })
      this.#failed = true
      return { ...this.shape, samples: [] }
    }
  }

  async #answer(): Promise<Observed<readonly string[]>> {
    const { timeout, ask } = this.#observation
    this.#open ??= Promise.resolve()
      .then(ask)
      .finally(() => {
        this.#open = undefined
      })
    // Whoever does not wait until its end does not hear of its failure.
    this.#open.catch(() => undefined)
    const late = Promise.withResolvers<never>()
    const timer = this.#clock.after(timeout, () =>
      late.reject(new UnavailableError(`it was not to be had within ${timeout} ms`)),
    )
    try {
      return await Promise.race([this.#open, late.promise])
    } finally {
      timer.cancel()
    }
  }
}

function samplesOf(shape: FamilyShape, observed: Observed<readonly string[]>): readonly MetricSample[] {
  const given = typeof observed === 'number' ? [{ labels: [], value: observed }] : (observed ?? [])
  const samples = given
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => ({
      labels: shape.labels.map((_, index) => shownValue(labels[index])),
      value,
    }))
  // Keeps to the limit, and makes one of what is there twice.
  return combineFamilies([[{ ...shape, samples }]])[0]?.samples ?? []
}
