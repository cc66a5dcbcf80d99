import type { Knex } from 'knex'
import type { Clock, Database, Log, Notifier, Timer } from 'mailwright'

const topic = 'queue'
const lookEvery = 2_000

/**
 * Tells all processes that somebody has changed what waits: a hint for at once, and a count in the table for those whom the hint does
 * not reach.
 */
export class Changes {
  readonly #database: Database
  readonly #notifier: Notifier | undefined
  readonly #clock: Clock
  readonly #log: Log
  #known: number | undefined
  #timer: Timer | undefined
  #end: (() => void) | undefined
  #listener: () => void = () => undefined

  constructor(
    database: Database,
    notifier: Notifier | undefined,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.#database = database
    this.#notifier = notifier
    this.#clock = clock
    this.#log = log
  }

  /** Calls back when something was changed, by whatever process. */
  start(listener: () => void): void {
    this.#listener = listener
    this.#end = this.#notifier?.subscribe(topic, listener)
    this.#schedule()
  }

  stop(): void {
    this.#listener = () => undefined
    this.#end?.()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** To be called in the transaction of the change. */
  async count(knex: Knex): Promise<void> {
    await knex('queue_counters').where({ name: 'changes' }).increment('value', 1)
  }

  /** To be called after it. */
  announce(): void {
    this.#listener()
    this.#notifier?.publish(topic, {})
  }

  #schedule(): void {
    this.#timer = this.#clock.after(lookEvery, () => {
      void this.#look()
        .catch((error: unknown) => this.#log.warn('unavailable', { error }))
        .finally(() => {
          if (this.#timer !== undefined) this.#schedule()
        })
    })
  }

  async #look(): Promise<void> {
    const row = await this.#database.query((knex) =>
      knex('queue_counters').where({ name: 'changes' }).first('value'),
    )
    const value = Number(row?.value ?? 0)
    const isNew = this.#known !== undefined && this.#known !== value
    this.#known = value
    if (isNew) this.#listener()
  }
}
