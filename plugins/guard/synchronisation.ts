import { setTimeout as pause } from 'node:timers/promises'
import type { Knex } from 'knex'
import { type Clock, errorCode, type Log, type Timer } from 'mailwright'
import { clean } from './cleaning.ts'
import type { Guard } from './guard.ts'
import { beginning, type GuardTables } from './guard-tables.ts'
import { clockDifference, isLifted } from './restrictions.ts'
import type { GuardOptions } from './settings.ts'

/** Entries that are saved or read in one go, and milliseconds until the next: others wait for the database, too. */
const entriesAtOnce = 200
const breath = 20
const cleanEvery = 60_000

/**
 * Brings what this process knows into the tables and the other way, again and again. While the tables cannot be had,
 * what is to be saved waits, and the guard goes on from memory.
 */
export class Synchronisation {
  readonly #guard: Guard
  readonly #tables: GuardTables
  readonly #options: GuardOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #stopping = new AbortController()
  #bookmark = beginning
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #cleanedAt: number
  #isFailing = false

  constructor(
    guard: Guard,
    tables: GuardTables,
    options: GuardOptions,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.#guard = guard
    this.#tables = tables
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#cleanedAt = clock.monotonic()
  }

  /** Resolves when the restrictions of before are known, or cannot be had. */
  async start(): Promise<void> {
    await this.#run()
    this.#again()
  }

  /** Saves what there is, in a process that has begun. */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return
    this.#stopping.abort()
    this.#timer.cancel()
    await this.#running
    await this.#run()
  }

  #again(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = this.#clock.after(this.#options.syncEvery, () => {
      this.#running = this.#run().then(() => this.#again())
    })
  }

  async #run(): Promise<void> {
    try {
      await this.#inTurns(() => this.#saveRestrictions())
      await this.#inTurns(() => this.#readRestrictions())
      await this.#inTurns(() => this.#saveKnown())
      await this.#inTurns(() => this.#saveFailures())
      await this.#clean()
      if (this.#isFailing) this.#log.warn('recovered', { service: 'database' })
      this.#isFailing = false
    } catch (error) {
      // Another process was quicker to write the same for the first time: the next run finds its row.
      if (errorCode(error) === 'MAIL_E_EXISTS') return
      if (!this.#isFailing) this.#log.error('unavailable', { service: 'database', error })
      this.#isFailing = true
    }
  }

  /** Goes on as long as there is a whole lot more. */
  async #inTurns(turn: () => Promise<number>): Promise<void> {
    while ((await turn()) >= entriesAtOnce) await pause(breath)
  }

  async #saveRestrictions(): Promise<number> {
    const { restrictions } = this.#guard
    const taken = restrictions.takeUnsaved(entriesAtOnce)
    if (taken.length === 0) return 0
    try {
      await this.#tables.putRestrictions(taken)
    } catch (error) {
      restrictions.unsaved(taken)
      throw error
    }
    return taken.length
  }

  async #readRestrictions(): Promise<number> {
    const { restrictions, bookmark } = await this.#tables.restrictionsBehind(this.#bookmark, entriesAtOnce)
    for (const restriction of restrictions) this.#guard.restrictions.learn(restriction)
    const over = restrictions.filter(isLifted)
    if (over.length > 0) this.#guard.forget(over.map(({ subject }) => subject))
    this.#bookmark = bookmark
    return restrictions.length
  }

  async #saveKnown(): Promise<number> {
    const { known } = this.#guard
    const taken = known.takeUnsaved(entriesAtOnce)
    if (taken.length === 0) return 0
    try {
      await this.#tables.putKnown(taken)
    } catch (error) {
      known.unsaved(taken)
      throw error
    }
    return taken.length
  }

  async #saveFailures(): Promise<number> {
    const { counts } = this.#guard
    const taken = counts.takeUnsaved(entriesAtOnce)
    if (taken.length === 0) return 0
    const changes = taken.map(({ count, change }) => ({ ...count, change }))
    try {
      const totals = await this.#tables.addFailures(changes, (count) => counts.isRunning(count))
      taken.forEach(({ count }, index) => {
        const total = totals[index]
        if (total !== undefined) counts.saved(count, total)
      })
    } catch (error) {
      for (const { count, change } of taken) counts.unsaved(count, change)
      throw error
    }
    return taken.length
  }

  async #clean(): Promise<void> {
    if (this.#clock.monotonic() - this.#cleanedAt < cleanEvery) return
    this.#cleanedAt = this.#clock.monotonic()
    const now = this.#clock.now()
    const { window, knownFor, restriction, maxEntries: most } = this.#options
    const { database } = this.#tables
    const { signal } = this.#stopping
    const isAhead = (column: string) => (rows: Knex.QueryBuilder) =>
      rows.where(column, '>', now + clockDifference)
    const failures = {
      table: 'guard_failures',
      oldestBy: 'last_at',
      before: now - window,
      isAhead: isAhead('last_at'),
      most,
    }
    await clean(database, failures, signal)
    // Accounts have several networks each.
    const known = {
      table: 'guard_known',
      oldestBy: 'seen_at',
      before: now - knownFor,
      isAhead: isAhead('seen_at'),
      most: 20 * most,
    }
    await clean(database, known, signal)
    // A lifted one stays until every process has seen it.
    await clean(
      database,
      {
        table: 'guard_restrictions',
        oldestBy: 'ends_at',
        before: now - Math.max(restriction.forgetAfter, cleanEvery),
        isAhead: (rows) => isAhead('since')(rows).where('made_by', 'guard').where('times', '>', 0),
        most,
        surplusOf: (rows) => rows.where('made_by', 'guard'),
      },
      signal,
    )
  }
}
