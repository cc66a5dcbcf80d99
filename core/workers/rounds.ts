import type { Clock } from '../clock.ts'
import { combineFamilies, countsOf } from '../metrics/combine.ts'
import type { MetricFamily } from '../metrics/metrics.ts'
import { type FromWorker, isFromWorker, type Question, type ToWorker } from './messages.ts'

/** One worker, as the process that keeps it sees it. */
export interface AskedWorker {
  send(message: ToWorker): void
  on(event: 'message', heard: (message: unknown) => void): unknown
  on(event: 'exit', ended: () => void): unknown
}

/** Milliseconds for a worker's answer: longer than anything that it asks itself for it. */
const patience: Readonly<Record<Question, number>> = { metrics: 4_000, health: 6_000 }

type Ask = Extract<FromWorker, { mailwright: 'ask' }>

interface Known {
  serves: boolean
  /** What it has counted when somebody last wanted to know. */
  counted: readonly MetricFamily[]
}

/**
 * Passes on what one worker wants to know of all others, and what they answer. What a worker has counted stays counted when it has
 * ended, or does not answer: whoever adds up the counters of all must never see less than before.
 */
export class Rounds {
  readonly #count: number
  readonly #clock: Clock
  readonly #workers = new Map<AskedWorker, Known>()
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  /** What workers have counted that have ended. */
  #departed: readonly MetricFamily[] = []
  #ended = 0
  #number = 0

  /** `count`: so many workers there are to be. */
  constructor(count: number, clock: Clock) {
    this.#count = count
    this.#clock = clock
  }

  /** Listens to a worker until it ends. `serves`: it has said that it is ready. */
  attend(worker: AskedWorker, serves: boolean): void {
    const known: Known = { serves, counted: [] }
    this.#workers.set(worker, known)
    worker.on('message', (message) => {
      if (!isFromWorker(message)) return
      if (message.mailwright === 'ready') known.serves = true
      else if (message.mailwright === 'answer') this.#waiting.get(message.number)?.(message.answer)
      else if (message.mailwright === 'ask') void this.#pass(worker, message)
    })
    worker.on('exit', () => {
      this.#workers.delete(worker)
      this.#departed = combineFamilies([this.#departed, known.counted])
      this.#ended++
    })
  }

  async #pass(asking: AskedWorker, { number, question, own }: Ask): Promise<void> {
    const serving = [...this.#workers].filter(([worker, { serves }]) => serves && worker !== asking)
    const starting = Math.max(0, this.#count - 1 - serving.length)
    const answered = await Promise.all(serving.map(([worker]) => this.#ask(worker, question)))
    const answers = answered.filter((answer) => answer !== undefined)
    const silent = answered.length - answers.length
    if (question === 'metrics') {
      this.#remember(asking, own)
      for (const [index, [worker]] of serving.entries()) this.#remember(worker, answered[index])
      const kept = serving.flatMap(([, { counted }], index) =>
        answered[index] === undefined ? [counted] : [],
      )
      answers.push(...kept, this.#departed, this.#own())
    }
    asking.send({ mailwright: 'gathered', number, answers, silent, starting })
  }

  /** The answer of one worker; undefined where there is none in time. */
  #ask(worker: AskedWorker, question: Question): Promise<unknown> {
    const number = ++this.#number
    return new Promise((resolve) => {
      const conclude = (answer: unknown): void => {
        timer.cancel()
        this.#waiting.delete(number)
        resolve(answer)
      }
      const timer = this.#clock.after(patience[question], () => conclude(undefined))
      this.#waiting.set(number, conclude)
      worker.send({ mailwright: 'asked', number, question })
    })
  }

  #remember(worker: AskedWorker, families: unknown): void {
    const known = this.#workers.get(worker)
    if (known !== undefined && families !== undefined) known.counted = countsOf(families as MetricFamily[])
  }

  /** What is to be said of the workers themselves. */
  #own(): readonly MetricFamily[] {
    const serving = [...this.#workers.values()].filter(({ serves }) => serves).length
    const common = { labels: [], limit: 1 }
    const workers = {
      ...common,
      name: 'mailwright_workers',
      type: 'gauge',
      help: 'Workers that serve.',
    } as const
    const ended = {
      ...common,
      name: 'mailwright_worker_exits_total',
      type: 'counter',
      help: 'Workers that have ended since the start.',
    } as const
    return [
      { ...workers, combine: 'sum', samples: [{ labels: [], value: serving }] },
      { ...ended, samples: [{ labels: [], value: this.#ended }] },
    ]
  }
}
