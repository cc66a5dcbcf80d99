import { type Clock, Serial } from 'mailwright'
import { type HeldLock, longestWait } from '../files/lock-file.ts'

/** How a mailbox's lock is taken. */
export interface MailboxLock {
  /** Undefined where somebody has it. */
  tryLock(): Promise<HeldLock | undefined>
  /** Waits for others; MAIL_E_UNAVAILABLE where that takes longer than so many milliseconds. */
  lock(patience: number): Promise<HeldLock>
}

export interface TurnOptions {
  /** When it was asked for, by the clock: whoever waits for the lock does so from then on. */
  readonly since?: number
  /** Asked in the turn, before the lock is taken: whether there is nothing to do. */
  readonly isDone?: () => Promise<boolean>
}

/**
 * What this process does to one mailbox, one after the other. What needs the mailbox's lock while another process has it lets those
 * go first that need none.
 */
export class MailboxTurns {
  readonly #lock: MailboxLock
  readonly #clock: Clock
  readonly #turns = new Serial()
  /** Those who wait for the lock: one looks for it, for all. */
  readonly #line = new Serial()
  #waiting = 0
  /** When this process last gave the lock back. */
  #released = Number.NEGATIVE_INFINITY

  constructor(lock: MailboxLock, clock: Clock) {
    this.#lock = lock
    this.#clock = clock
  }

  /** Runs after what came before, and before what comes later. */
  run<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(task)
  }

  /**
   * The same while no other process changes the mailbox's index. MAIL_E_UNAVAILABLE where one does for too long: all who waited
   * meanwhile are told at the same time.
   */
  async underLock(task: () => Promise<void>, { since, isDone }: TurnOptions = {}): Promise<void> {
    const asked = since ?? this.#clock.monotonic()
    const isOver = await this.run(async () => (await isDone?.()) || this.#tryNow(task))
    if (isOver) return
    this.#waiting += 1
    await this.#line.run(async () => {
      try {
        const lease = await this.#lock.lock(this.#patience(asked))
        await this.run(() => this.#holding(lease, task))
      } finally {
        this.#waiting -= 1
      }
    })
  }

  /** Nobody overtakes those who wait. */
  async #tryNow(task: () => Promise<void>): Promise<boolean> {
    const lease = this.#waiting > 0 ? undefined : await this.#lock.tryLock()
    if (lease === undefined) return false
    await this.#holding(lease, task)
    return true
  }

  async #holding(lease: HeldLock, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } finally {
      await lease.release()
      this.#released = this.#clock.monotonic()
    }
  }

  /** As long as this process has its turns at the lock, nobody's wait is over. */
  #patience(asked: number): number {
    return longestWait - (this.#clock.monotonic() - Math.max(asked, this.#released))
  }
}
