import {
  type Certificate,
  type Clock,
  errorText,
  type IssuedCertificates,
  type Log,
  type Timer,
} from 'mailwright'
import type { KeptCertificate, PresentCertificate } from './kept-certificate.ts'
import type { OrderRecord } from './order-record.ts'
import type { Orders } from './orders.ts'
import { AcmeProblem } from './problem.ts'
import { withFailure, withRenewal } from './renewal-times.ts'

// Another process may have renewed: what is on the disk is looked at as often.
const lookEvery = 60 * 1000
// The listener is opened after all plugins have begun to serve.
const firstLook = 2 * 1000

export interface RenewalsParts {
  readonly kept: readonly KeptCertificate[]
  readonly orders: Orders
  readonly clock: Clock
  readonly log: Log
  /** From 0 up to 1. */
  readonly random: () => number
}

/** What became of one certificate. */
export interface RenewalOutcome {
  readonly name: string
  /** Absent where it was issued. */
  readonly problem?: string
}

/** The wanted certificates as they are served, ordered and renewed in time while the server runs. */
export class Renewals implements IssuedCertificates {
  readonly #parts: RenewalsParts
  readonly #listeners = new Set<() => void>()
  readonly #lastRead = new Map<KeptCertificate, Certificate | undefined>()
  #present: readonly Certificate[] = []
  #timer: Timer | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(parts: RenewalsParts) {
    this.#parts = parts
  }

  async current(): Promise<readonly Certificate[]> {
    return this.#present
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether anybody serves what is issued. */
  get isUsed(): boolean {
    return this.#listeners.size > 0
  }

  get kept(): readonly KeptCertificate[] {
    return this.#parts.kept
  }

  /** MAIL_E_INVALID for options that name what cannot be read. */
  check(): Promise<void> {
    return this.#parts.orders.open()
  }

  /** Reads what is there. MAIL_E_INVALID likewise. */
  async load(): Promise<void> {
    await this.check()
    this.#present = await this.#readAll()
  }

  /** Looks from now on, again and again. Tells what a failure of before has it wait for. */
  async serve(): Promise<void> {
    this.#lookAfter(firstLook)
    for (const kept of this.#parts.kept) await this.#tellOfWait(kept)
  }

  /** A record that cannot be read is told with the first look. */
  async #tellOfWait(kept: KeptCertificate): Promise<void> {
    const { clock, log } = this.#parts
    const record = await kept.record(clock.now()).catch(() => undefined)
    const { retryAt = 0, problem } = record ?? {}
    if (retryAt <= clock.now()) return
    const text = `not issued before; tried again at ${new Date(retryAt).toISOString()}`
    log.warn('certificate', { text, names: kept.wanted.names, error: problem })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#parts.orders.stop()
    await this.#looking
  }

  /** Orders now, due or not: those of some first name, or all. Undefined where another process is ordering. */
  renew(name: string | undefined): Promise<readonly RenewalOutcome[] | undefined> {
    const wanted = this.#parts.kept.filter((each) => name === undefined || each.name === name)
    return this.#parts.orders.exclusively(async () => {
      const outcomes: RenewalOutcome[] = []
      for (const kept of wanted) {
        const refused = (error: unknown) => ({ name: kept.name, problem: errorText(error) })
        outcomes.push(await this.#order(kept).catch(refused))
      }
      return outcomes
    })
  }

  #lookAfter(milliseconds: number): void {
    if (this.#stopped) return
    this.#timer = this.#parts.clock.after(milliseconds, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#parts.log.error('certificate', { text: 'not renewed', error }))
        .then(() => this.#lookAfter(lookEvery))
    })
  }

  async #look(): Promise<void> {
    await this.#refresh()
    const { kept, orders } = this.#parts
    const due = await Promise.all(kept.map((each) => this.#alone(each, () => this.#isToDo(each))))
    if (!due.includes(true)) return
    await orders.exclusively(async () => {
      for (const each of kept) if (!this.#stopped) await this.#alone(each, () => this.#workIfToDo(each))
    })
  }

  /** One whose files cannot be read keeps no other from being looked after. */
  async #alone<T>(kept: KeptCertificate, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run()
    } catch (error) {
      this.#parts.log.error('certificate', { text: 'not looked after', names: kept.wanted.names, error })
      return undefined
    }
  }

  /** One that another process has looked after meanwhile needs nothing more. */
  async #workIfToDo(kept: KeptCertificate): Promise<void> {
    if (await this.#isToDo(kept)) await this.#work(kept)
  }

  async #isToDo(kept: KeptCertificate): Promise<boolean> {
    const now = this.#parts.clock.now()
    const [present, record] = await Promise.all([kept.present(), kept.record(now)])
    if (record.retryAt !== undefined && record.retryAt > now) return false
    return isDue(kept, present, record, now) || record.askAt === undefined || record.askAt <= now
  }

  /** Asks when to renew, and renews where that has come. */
  async #work(kept: KeptCertificate): Promise<void> {
    const { orders, clock, random, log } = this.#parts
    const present = await kept.present()
    let record = await kept.record(clock.now())
    if (present !== undefined && !isDue(kept, present, record, clock.now())) {
      const info = await orders.renewalInfo(present.certificate)
      record = withRenewal(record, present.leaf, info, { now: clock.now(), random })
      await kept.note(record)
      if (info?.explanation !== undefined)
        log.warn('certificate', {
          text: 'the authority says why to renew',
          name: kept.name,
          see: info.explanation,
        })
    }
    if (isDue(kept, present, record, clock.now())) await this.#order(kept)
  }

  /** MAIL_E_UNAVAILABLE where its files cannot be read: what cannot be remembered is not ordered. */
  async #order(kept: KeptCertificate): Promise<RenewalOutcome> {
    const { orders, log, clock } = this.#parts
    const [present] = await Promise.all([kept.present(), kept.record(clock.now())])
    try {
      await kept.replace(await orders.order(kept, present?.certificate), clock.now())
    } catch (error) {
      return this.#failed(kept, error)
    }
    log.info('certificate', { text: 'issued', names: kept.wanted.names, file: kept.file })
    await this.#refresh()
    return { name: kept.name }
  }

  /** Remembers and tells why one was not issued, and when it is tried again. */
  async #failed(kept: KeptCertificate, error: unknown): Promise<RenewalOutcome> {
    const { log, clock, random } = this.#parts
    const outcome = { name: kept.name, problem: errorText(error) }
    // A stop is no failure: the next start tries again at once.
    if (this.#stopped) return outcome
    const wait = error instanceof AcmeProblem ? error.retryAfter : undefined
    const now = clock.now()
    const record = withFailure(await kept.record(now), outcome.problem, wait, { now, random })
    await kept.noteFailure(record)
    const next = new Date(record.retryAt ?? 0).toISOString()
    log.error('certificate', {
      text: `not issued; tried again at ${next}`,
      names: kept.wanted.names,
      error,
    })
    return outcome
  }

  /** Takes over what has changed on the disk. */
  async #refresh(): Promise<void> {
    const present = await this.#readAll()
    if (JSON.stringify(present) === JSON.stringify(this.#present)) return
    this.#present = present
    for (const listener of this.#listeners) listener()
  }

  async #readAll(): Promise<readonly Certificate[]> {
    const all = await Promise.all(this.#parts.kept.map((each) => this.#readOne(each)))
    return all.filter((each) => each !== undefined)
  }

  /** As it was read last, where it cannot be read now. */
  async #readOne(kept: KeptCertificate): Promise<Certificate | undefined> {
    try {
      this.#lastRead.set(kept, (await kept.present())?.certificate)
    } catch {
      // Each look tells it, and so does an order.
    }
    return this.#lastRead.get(kept)
  }
}

function isDue(
  kept: KeptCertificate,
  present: PresentCertificate | undefined,
  record: OrderRecord,
  now: number,
): boolean {
  if (present === undefined || !kept.fits(present, record)) return true
  return record.renewAt !== undefined && record.renewAt <= now
}
