import { type FakeClock, fakeClock } from 'mailwright/testing'

/** A clock that stands still until it is moved, and tells when somebody waits on it. */
export interface WatchedClock extends FakeClock {
  /** Resolves when a timer of exactly so many milliseconds is set that has not been called off. */
  armed(milliseconds: number): Promise<void>
}

export function watchedClock(): WatchedClock {
  const clock = fakeClock()
  const set = new Set<{ readonly due: number }>()
  let watchers: { readonly milliseconds: number; seen(): void }[] = []
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    set: clock.set,
    advance: clock.advance,
    get waiting() {
      return clock.waiting
    },
    after(milliseconds, run) {
      const timer = { due: clock.monotonic() + milliseconds }
      set.add(timer)
      const inner = clock.after(milliseconds, () => {
        set.delete(timer)
        run()
      })
      for (const watcher of watchers) if (watcher.milliseconds === milliseconds) watcher.seen()
      watchers = watchers.filter((watcher) => watcher.milliseconds !== milliseconds)
      return {
        cancel() {
          set.delete(timer)
          inner.cancel()
        },
      }
    },
    armed(milliseconds) {
      const due = clock.monotonic() + milliseconds
      if ([...set].some((timer) => timer.due === due)) return Promise.resolve()
      return new Promise((seen) => {
        watchers.push({ milliseconds, seen })
      })
    },
  }
}
