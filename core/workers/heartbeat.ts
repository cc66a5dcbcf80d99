import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { isFromWorker } from './messages.ts'
import type { AskedWorker } from './rounds.ts'

/** A worker that can be ended without its help. */
export interface WatchedWorker extends AskedWorker {
  readonly pid: number | undefined
  kill(): void
}

const interval = 10_000
/**
 * So many questions in a row without an answer: then a worker hangs. They are counted, not the time, in which this process may
 * have stood still itself.
 */
const patience = 6
/** One answer may be late, of somebody who has much to do. */
const doubt = 2

/** Asks the workers regularly whether they live. One that hangs is ended: nobody could be served there, and a stop would wait for it. */
export class Heartbeat {
  readonly #log: Log
  readonly #clock: Clock
  /** How many questions each has not answered. */
  readonly #unanswered = new Map<WatchedWorker, number>()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#clock.after(interval, () => this.#beat())
  }

  /** Watches a worker that has said that it is ready, until it ends. */
  attend(worker: WatchedWorker): void {
    this.#unanswered.set(worker, 0)
    worker.on('message', (message) => {
      if (!isFromWorker(message) || message.mailwright !== 'pong') return
      if (this.#unanswered.has(worker)) this.#unanswered.set(worker, 0)
    })
    worker.on('exit', () => this.#unanswered.delete(worker))
  }

  /** Whether some worker has answered lately. */
  get isFelt(): boolean {
    return [...this.#unanswered.values()].some((count) => count < doubt)
  }

  #beat(): void {
    for (const [worker, unanswered] of this.#unanswered) {
      if (unanswered === patience) {
        this.#end(worker)
        continue
      }
      this.#unanswered.set(worker, unanswered + 1)
      worker.send({ mailwright: 'ping' })
    }
    this.#clock.after(interval, () => this.#beat())
  }

  #end(worker: WatchedWorker): void {
    this.#unanswered.delete(worker)
    const text = `no answer for ${(patience * interval) / 1_000} seconds: it is killed`
    this.#log.error('unavailable', { service: 'worker', pid: worker.pid, text })
    worker.kill()
  }
}
