import { join } from 'node:path'
import { MailwrightError, Serial } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import type { QuotaSums } from './maildirsize.ts'
import { MaildirSize, maildirSizeName } from './maildirsize-file.ts'
import { type Count, countMaildir } from './usage.ts'

// How often all is counted before sums that others may have changed meanwhile are taken.
const mostCounts = 3

/** Room that is kept for a message until it is in its mailbox or given up. */
export interface Reservation {
  release(): void
}

interface Claim {
  readonly octets: number
}

/**
 * Keeps an account within its quota, and the file `maildirsize` in agreement with what comes and goes, so that other
 * programs keep to the same quota and nobody has to count messages at each delivery. Of two deliveries at once in this
 * process each sees the other; other processes' are seen when they are in place.
 *
 * Nothing comes or goes by this process while messages are counted. Whoever wants to change something waits for that
 * before it takes a mailbox's lock, never within.
 */
export class AccountQuota {
  readonly #context: MaildirContext
  readonly #root: string
  readonly #size: MaildirSize
  /** For the file: a line is added and the room kept for it given back before the next one looks. */
  readonly #serial = new Serial()
  readonly #claims = new Set<Claim>()
  #asking = 0
  #changes = 0
  #calm: PromiseWithResolvers<void> | undefined
  #counting: Promise<Count> | undefined
  /** Whether the file lacks a line, and could not be removed. */
  #isWrong = false

  constructor(context: MaildirContext, root: string) {
    this.#context = context
    this.#root = root
    this.#size = new MaildirSize(context.files, root, context.names)
  }

  /** Whether nothing would be lost with this object. */
  get idle(): boolean {
    return this.#claims.size + this.#asking + this.#changes === 0 && !this.#isWrong
  }

  /** Keeps room for so many octets; MAIL_E_OVER_QUOTA where they do not fit. Not within `change`. */
  async reserve(octets: number, quota: number): Promise<Reservation> {
    this.#asking += 1
    try {
      const known = await this.#serial.run(() => this.#claimByFile(octets, quota))
      if (known !== undefined) return known
      const count = await this.#count(quota)
      const isEnough = count.isSure || this.#hasRoom(octets, quota, count.sums)
      return this.#claim(octets, quota, isEnough ? count.sums : (await this.#count(quota)).sums)
    } finally {
      this.#asking -= 1
    }
  }

  /** What lies in the account's mailboxes, as the file tells; where it does not, all is counted. */
  async usage(quota: number): Promise<QuotaSums> {
    this.#asking += 1
    try {
      const known = await this.#serial.run(() => this.#sumsInFile(0, quota))
      return known ?? (await this.#count(quota)).sums
    } finally {
      this.#asking -= 1
    }
  }

  /**
   * Puts messages into mailboxes of the account, or removes some, and then tells by how much its sums have changed. What
   * is reserved for them is to be given back without waiting for anything else. Never fails where `run` does not. Without
   * `changed` they stay the same; it is only called where somebody wants to know.
   */
  async change<T>(
    run: () => Promise<T>,
    changed?: (result: T) => QuotaSums | Promise<QuotaSums>,
  ): Promise<T> {
    while (this.#counting !== undefined) await this.#counting.catch(() => undefined)
    this.#changes += 1
    try {
      const isTold = changed === undefined ? false : this.#isThere()
      const result = await run()
      if (changed !== undefined && (await isTold)) await this.#tell(() => changed(result))
      return result
    } finally {
      this.#changes -= 1
      if (this.#changes === 0) this.#calm?.resolve()
    }
  }

  /** Whether there is a file, or anything else that may need to know: mostly nobody keeps a quota, and nobody waits to learn that. */
  async #isThere(): Promise<boolean> {
    const file = join(this.#root, maildirSizeName)
    return (
      this.#isWrong ||
      (await this.#context.looks.ask(file).then(
        () => true,
        (error) => !isMissing(error),
      ))
    )
  }

  /** Undefined where all has to be counted. */
  async #claimByFile(octets: number, quota: number): Promise<Reservation | undefined> {
    const sums = await this.#sumsInFile(octets, quota)
    return sums === undefined || this.#counting !== undefined ? undefined : this.#claim(octets, quota, sums)
  }

  async #sumsInFile(octets: number, quota: number): Promise<QuotaSums | undefined> {
    if (this.#isWrong || this.#counting !== undefined) return undefined
    const limits = { bytes: quota, messages: 0 }
    const coming = { bytes: this.#claimed + octets, messages: 0 }
    try {
      return (await this.#size.read(this.#context.clock.now(), { limits, coming }))?.sums
    } catch (error) {
      this.#warn('the quota’s sums cannot be read', error)
      return undefined
    }
  }

  get #claimed(): number {
    let sum = 0
    for (const claim of this.#claims) sum += claim.octets
    return sum
  }

  #claim(octets: number, quota: number, sums: QuotaSums): Reservation {
    if (!this.#hasRoom(octets, quota, sums)) {
      const used = sums.bytes + this.#claimed
      throw new MailwrightError(
        'MAIL_E_OVER_QUOTA',
        `${octets} octets do not fit: ${used} of ${quota} are used`,
      )
    }
    const claim: Claim = { octets }
    this.#claims.add(claim)
    return { release: () => void this.#claims.delete(claim) }
  }

  #hasRoom(octets: number, quota: number, sums: QuotaSums): boolean {
    return sums.bytes + this.#claimed + octets <= quota
  }

  /** All who ask while it goes on get the same answer. */
  #count(quota: number): Promise<Count> {
    this.#counting ??= this.#countNow(quota).finally(() => {
      this.#counting = undefined
    })
    return this.#counting
  }

  async #countNow(quota: number): Promise<Count> {
    if (this.#changes > 0) {
      this.#calm = Promise.withResolvers()
      await this.#calm.promise
      this.#calm = undefined
    }
    let count = await countMaildir(this.#context, this.#root)
    for (let again = 1; again < mostCounts && count.hasChanged; again++)
      count = await countMaildir(this.#context, this.#root)
    try {
      await this.#size.recalculate({ bytes: quota, messages: 0 }, count.sums, count.isSure)
      this.#isWrong = false
    } catch (error) {
      this.#warn('the quota’s sums cannot be written', error)
    }
    return count
  }

  async #tell(changed: () => QuotaSums | Promise<QuotaSums>): Promise<void> {
    try {
      await this.#serial.run(() => this.#size.add(changed))
    } catch (error) {
      this.#warn('the quota’s sums are made anew', error)
      await this.#size.remove().catch(() => {
        this.#isWrong = true
      })
    }
  }

  #warn(problem: string, error: unknown): void {
    this.#context.log.warn('unavailable', { mailbox: this.#root, problem, error })
  }
}
