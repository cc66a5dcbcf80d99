import { type Database, firmTransaction } from 'mailwright'

/**
 * Numbers that no process gives twice. They are taken from the table in blocks; those of a block that its process does not come to
 * give are lost.
 */
export class Numbers {
  readonly #database: Database
  readonly #block: number
  #next = 0
  #end = 0
  #taking: Promise<void> | undefined

  constructor(database: Database, block = 10_000) {
    this.#database = database
    this.#block = block
  }

  /** So many numbers, one after the other; answers the first. MAIL_E_UNAVAILABLE. */
  async take(count: number): Promise<number> {
    while (this.#end - this.#next < count) {
      this.#taking ??= this.#takeBlock(Math.max(count, this.#block)).finally(() => {
        this.#taking = undefined
      })
      await this.#taking
    }
    const first = this.#next
    this.#next += count
    return first
  }

  async #takeBlock(size: number): Promise<void> {
    const end = await firmTransaction(this.#database, async (knex) => {
      const row = knex('queue_counters').where({ name: 'numbers' })
      await row.clone().increment('value', size)
      return Number((await row.clone().first('value')).value)
    })
    this.#end = end
    this.#next = end - size
  }
}
