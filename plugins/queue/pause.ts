import type { Clock } from 'mailwright'

/** Waits, unless the process ends. */
export function pauseFor(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(milliseconds, end)
    signal.addEventListener('abort', end)
  })
}
