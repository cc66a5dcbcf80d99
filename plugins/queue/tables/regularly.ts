import type { Clock, Log, Timer } from 'mailwright'

export interface Regularity {
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds from the end of one run to the next. */
  readonly every: number
}

/** Something that is done again and again. */
export interface Regular {
  /** Resolves after the first run. Rejects where that fails. */
  start(): Promise<void>
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>
}

/** Does something again and again, never twice at the same time; `times` counts from 0. What fails is logged and done again. */
export function regularly({ clock, log, every }: Regularity, run: (times: number) => Promise<void>): Regular {
  let times = 0
  let timer: Timer | undefined
  let running: Promise<unknown> | undefined
  let isStopped = false
  const schedule = (): void => {
    if (isStopped) return
    timer = clock.after(every, () => {
      running = run(times++)
        .catch((error: unknown) => log.warn('unavailable', { error }))
        .finally(schedule)
    })
  }
  return {
    async start() {
      await run(times++)
      schedule()
    },
    async stop() {
      isStopped = true
      timer?.cancel()
      await running
    },
  }
}
