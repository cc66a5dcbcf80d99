import type { Clock } from 'mailwright'

/** Resolves after so many milliseconds; rejects with the signal's reason when that aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    // The clock's timers keep no process alive; a command that waits must not end meanwhile.
    const alive = setInterval(() => undefined, 2 ** 30)
    const end = (): void => {
      clearInterval(alive)
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
    const abort = (): void => {
      end()
      reject(signal.reason as Error)
    }
    const timer = clock.after(milliseconds, () => {
      end()
      resolve()
    })
    signal.addEventListener('abort', abort)
  })
}
