import type { Knex } from 'knex'
import type { Clock, Database, Log, Notifier } from 'mailwright'
import { type Regular, regularly } from './regularly.ts'

const topic = 'queue'
const lookEvery = 2_000

/**
 * Tells all processes that somebody has changed what waits: a hint for at once, and a count in the table for those whom the hint does
 * not reach.
 */
export class Changes {
  readonly #database: Database
  readonly #notifier: Notifier | undefined
  readonly #looking: Regular
  #known: number | undefined
  #end: (() => void) | undefined
  #listener: () => void = () => undefined

  constructor(
    database: Database,
    notifier: Notifier | undefined,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.#database = database
    this.#notifier = notifier
    this.#looking = regularly({ clock, log, every: lookEvery }, () => this.#look())
  }

  /** Calls back when something was changed from now on, by whatever process. MAIL_E_UNAVAILABLE. */
  async start(listener: () => void): Promise<void> {
    this.#listener = listener
    this.#end = this.#notifier?.subscribe(topic, listener)
    await this.#looking.start()
  }

  async stop(): Promise<void> {
    this.#listener = () => undefined
    this.#end?.()
    await this.#looking.stop()
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

  async #look(): Promise<void> {
    const count = await this.#count()
    const isNew = this.#known !== undefined && this.#known !== count
    this.#known = count
    if (isNew) this.#listener()
  }

  async #count(): Promise<number> {
    const row = await this.#database.query((knex) =>
      knex('queue_counters').where({ name: 'changes' }).first('value'),
    )
    return Number(row?.value ?? 0)
  }
}
