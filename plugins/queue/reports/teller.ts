import type { Knex } from 'knex'
import { type Clock, createMessage, type Database, errorCode, type Log, type Timer } from 'mailwright'
import { type Contents, openToTell } from '../intake/contents.ts'
import type { Numbers } from '../intake/numbers.ts'
import type { Holder } from '../lanes/holder.ts'
import type { QueuedMessage, QueuedRecipient } from '../tables/queued.ts'
import { type Regular, regularly } from '../tables/regularly.ts'
import { patience } from '../tables/retry-schedule.ts'
import { never, type ReportRow } from '../tables/tables.ts'
import { keepNews, type NewsSettings } from './news.ts'
import { NotedMessages } from './noted-messages.ts'
import { type Reportable, type Reports, reported } from './reports.ts'
import {
  deleteToTell,
  findDue,
  findLeft,
  findNoted,
  findUnderWay,
  putOffToTell,
  readToTell,
  type ToTell,
} from './to-tell.ts'

export interface TellerSettings extends NewsSettings {
  readonly database: Database
  readonly numbers: Numbers
  readonly contents: Contents
  readonly holder: Holder
  readonly reports: Reports
  readonly clock: Clock
  readonly log: Log
}

type About = Reportable & { readonly recipient: QueuedRecipient }

/** Milliseconds that a sender waits for what becomes of others; where it took days, the last attempts may take their time. */
const longestWait = 60_000
const longestWaitAtTheEnd = 300_000
/** For what other processes have noted and do not come to tell. */
const lookEvery = 30_000
const tick = 1_000
const messagesAtOnce = 500
/** What comes above is told when its time has come. */
const mostAdopted = 10_000
/** Milliseconds that a process that ends has for it. */
const longestEnd = 5_000

/**
 * Tells senders once of all recipients of a message, not of each attempt. What is to be told is noted in the transaction that ends it,
 * and told when nothing more of the message is under way, or when it has waited long enough. Whichever process takes what was noted out
 * of the table has told it: what it tells is written in the same transaction.
 */
export class Teller {
  readonly #settings: TellerSettings
  readonly #noted: NotedMessages
  readonly #looking: Regular
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #serving = false

  constructor(settings: TellerSettings) {
    this.#settings = settings
    this.#noted = new NotedMessages(settings.clock)
    this.#looking = regularly({ ...settings, every: lookEvery }, () => this.#tellDue())
  }

  /** Tells from now on, also what others have left. MAIL_E_UNAVAILABLE. */
  async start(): Promise<void> {
    if (!this.#settings.reports.tellsFailures) return
    this.#serving = true
    const { database } = this.#settings
    // Whoever has noted it may be gone. What another one is about to tell as well is told once.
    for (const { message, ...left } of await database.query((knex) => findLeft(knex, mostAdopted)))
      this.#noted.adopt(message, left)
    await this.#looking.start()
    this.#look()
  }

  async stop(): Promise<void> {
    this.#serving = false
    this.#timer?.cancel()
    await this.#looking.stop()
    await this.#running
    await this.#tellNoted()
  }

  /** Rows for what is to be told, to be written with `writeToTell`. MAIL_E_UNAVAILABLE. */
  async rows(message: QueuedMessage, about: readonly About[], now: number): Promise<readonly ReportRow[]> {
    const told = about.flatMap((one) => {
      const { recipient, outcome } = one
      const report = reported(one, message.expiresAt, now)
      if (report === undefined) return []
      const isEnd = outcome.kind === 'failed' && outcome.cause === 'expired'
      return { recipient: recipient.number, report, due: now + (isEnd ? longestWaitAtTheEnd : longestWait) }
    })
    const first = await this.#settings.numbers.take(told.length)
    return told.map(({ recipient, report, due }, index) => ({
      number: first + index,
      message: message.number,
      recipient,
      due,
      report: JSON.stringify(report),
    }))
  }

  /** After they were written. What a process notes that does not serve is told by others. */
  noted(message: QueuedMessage, rows: readonly ReportRow[]): void {
    if (!this.#serving || rows.length === 0) return
    this.#noted.add(message, rows)
    this.#look()
  }

  /** Tells what was noted of a message, also where more is under way. MAIL_E_UNAVAILABLE. */
  async tell(message: number): Promise<void> {
    const { database } = this.#settings
    this.#noted.delete(message)
    for (let more = true; more; ) {
      const found = await database.query((knex) => readToTell(knex, message))
      more = found !== undefined && (await this.#tellOnce(message, found)) && found.more
    }
  }

  /** The same for those of several messages of which something was noted; those that cannot be read now are told later. MAIL_E_UNAVAILABLE. */
  async tellAll(messages: readonly number[]): Promise<void> {
    for (let from = 0; from < messages.length; from += messagesAtOnce) {
      const some = messages.slice(from, from + messagesAtOnce)
      for (const number of await this.#settings.database.query((knex) => findNoted(knex, some)))
        await this.#tellApart(number)
    }
  }

  #look(): void {
    this.#timer?.cancel()
    this.#running ??= this.#tellReady()
      .catch((error: unknown) => this.#settings.log.warn('unavailable', { error }))
      .finally(() => {
        this.#running = undefined
        if (this.#serving && this.#noted.size > 0)
          this.#timer = this.#settings.clock.after(tick, () => this.#look())
      })
  }

  /** What this process has noted: where nothing more is under way, and where it waits for too long. */
  async #tellReady(): Promise<void> {
    const { database, clock, holder } = this.#settings
    for (;;) {
      const { due, others } = this.#noted.next(messagesAtOnce)
      if (due.length + others.length === 0) return
      const underWay = await database.query((knex) => findUnderWay(knex, others, clock.now()))
      for (const number of [...due, ...others]) {
        if (!this.#serving || !holder.isAlive) return
        if (underWay.has(number)) this.#noted.putOff(number)
        else await this.#tellApart(number)
      }
    }
  }

  /** At the end all that this process has noted: nobody may come after it. */
  async #tellNoted(): Promise<void> {
    const { clock, holder } = this.#settings
    const end = clock.monotonic() + longestEnd
    for (const number of this.#noted.all()) {
      if (!holder.isAlive || clock.monotonic() > end) return
      await this.#tellApart(number)
    }
  }

  /** One message that cannot be read now keeps nobody else from being told. */
  async #tellApart(number: number): Promise<void> {
    await this.tell(number).catch((error: unknown) => {
      this.#settings.log.warn('unavailable', { queued: number, error })
    })
  }

  /** What waits for too long, whoever has noted it. */
  async #tellDue(): Promise<void> {
    const { database, clock, holder } = this.#settings
    const now = clock.now()
    for (let after = -1; ; ) {
      const place = { now, after, most: messagesAtOnce }
      const due = await database.query((knex) => findDue(knex, place))
      for (const number of due) {
        if (!this.#serving || !holder.isAlive) return
        await this.#tellApart(number)
      }
      if (due.length < messagesAtOnce) return
      after = due.at(-1) ?? after
    }
  }

  /** Says whether it did. */
  async #tellOnce(number: number, { message, numbers, recipients, damaged, due }: ToTell): Promise<boolean> {
    const { reports, clock, log } = this.#settings
    const now = clock.now()
    if (message === undefined) {
      log.error('internal-error', { queued: number, held: true })
      await this.#putOff(numbers, never)
      return false
    }
    if (damaged > 0) log.error('internal-error', { transaction: message.id, damaged })
    const open = await openToTell(this.#settings, message, { unread: due <= now - patience })
    try {
      const notifications = await reports.compose(message, await createMessage(open.content), recipients, now)
      const change = async (knex: Knex): Promise<true> => {
        await deleteToTell(knex, numbers)
        return true
      }
      return await keepNews(this.#settings, { about: message, notifications, change, now })
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw error
      // Nothing else must wait for one that no notification can be made of.
      log.error('internal-error', { transaction: message.id, error })
      await this.#putOff(numbers, now + patience)
      return false
    } finally {
      await open.close()
    }
  }

  #putOff(numbers: readonly number[], due: number): Promise<void> {
    return this.#settings.commits.run((knex) => putOffToTell(knex, numbers, due))
  }
}
