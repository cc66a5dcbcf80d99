import type { Counter, Gauge, Histogram, MetricSample } from './metrics.ts'

type Values = Omit<MetricSample, 'labels'>

/** What is kept for one combination of label values. */
export interface Cell {
  values(): Values
}

export class CounterCell implements Counter, Cell {
  #value = 0

  add(amount = 1): void {
    // What is no number adds nothing, too.
    if (amount > 0) this.#value += amount
  }

  values(): Values {
    return { value: this.#value }
  }
}

export class GaugeCell implements Gauge, Cell {
  #value = 0

  set(value: number): void {
    this.#value = value
  }

  add(amount: number): void {
    this.#value += amount
  }

  values(): Values {
    return { value: this.#value }
  }
}

export class HistogramCell implements Histogram, Cell {
  readonly #limits: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(limits: readonly number[]) {
    this.#limits = limits
    this.#counts = new Array<number>(limits.length + 1).fill(0)
  }

  observe(value: number): void {
    // What is no finite number would spoil the sum for good.
    if (!Number.isFinite(value)) return
    const limits = this.#limits
    let bucket = 0
    while (bucket < limits.length && value > (limits[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    if (value > 0) this.#sum += value
  }

  values(): Values {
    return { value: this.#sum, counts: [...this.#counts] }
  }
}
