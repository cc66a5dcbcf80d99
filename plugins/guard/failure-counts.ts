import type { Clock } from 'mailwright'
import { RecentEntries } from './recent-entries.ts'
import { type Subject, subjectKey } from './subject.ts'

/** Failures of a subject since its window began. */
export interface FailureCount {
  readonly subject: Subject
  /** Those that other processes have told, too. Never below 0. */
  failures: number
  /** Milliseconds since 1970. */
  startedAt: number
  lastAt: number
  /** What of it is not in the table yet; below 0 where failures were forgiven. */
  unsaved: number
}

/**
 * Counts failures. A window begins with the first one and ends after its length; the next failure begins another.
 * As many counts as there is room for: those go first that have not grown for longest.
 */
export class FailureCounts {
  readonly #clock: Clock
  readonly #window: number
  readonly #counts: RecentEntries<FailureCount>
  readonly #unsaved: RecentEntries<FailureCount>

  /** Goes on with the counts of before. */
  constructor(
    clock: Clock,
    { window, maxEntries }: { window: number; maxEntries: number },
    counts?: Map<string, FailureCount>,
  ) {
    this.#clock = clock
    this.#window = window
    this.#counts = new RecentEntries(maxEntries, counts)
    this.#unsaved = new RecentEntries(maxEntries)
  }

  of(subject: Subject): number {
    const count = this.#counts.get(subjectKey(subject))
    return count === undefined || !this.isRunning(count) ? 0 : count.failures
  }

  /** Adds failures of a time, or takes them back; answers how many there are now. */
  add(subject: Subject, failures: number, at: number): number {
    const key = subjectKey(subject)
    const known = this.#counts.get(key)
    const isRunning = known !== undefined && this.isRunning(known)
    if (!isRunning && failures < 0) return 0
    const count = isRunning ? known : { subject, failures: 0, startedAt: at, lastAt: at, unsaved: 0 }
    const change = Math.max(failures, -count.failures)
    count.failures += change
    count.unsaved += change
    count.lastAt = at
    this.#counts.set(key, count)
    this.#unsaved.set(key, count)
    return count.failures
  }

  /** Whether its window has not ended. */
  isRunning({ startedAt }: Pick<FailureCount, 'startedAt'>): boolean {
    // A clock that was set back must not leave a window open for ever.
    return Math.abs(this.#clock.now() - startedAt) < this.#window
  }

  /** Forgets what was counted, here only: somebody has cleared the table. */
  drop(concerned: (subject: Subject) => boolean): void {
    for (const [key, { subject }] of [...this.#counts]) {
      if (!concerned(subject)) continue
      this.#counts.delete(key)
      this.#unsaved.delete(key)
    }
  }

  /** Takes so many counts to be saved; what they have to save is given to the caller. */
  takeUnsaved(most: number): readonly { readonly count: FailureCount; readonly change: number }[] {
    return this.#unsaved.take(most).map((count) => {
      const change = count.unsaved
      count.unsaved = 0
      return { count, change }
    })
  }

  /** A count was saved: this is what all processes have counted together. */
  saved(count: FailureCount, { failures, startedAt }: Pick<FailureCount, 'failures' | 'startedAt'>): void {
    count.failures = Math.max(0, failures + count.unsaved)
    count.startedAt = startedAt
  }

  /** It could not be saved. */
  unsaved(count: FailureCount, change: number): void {
    count.unsaved += change
    this.#unsaved.set(subjectKey(count.subject), count)
  }
}
