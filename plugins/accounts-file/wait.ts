import type { Clock } from 'mailwright'

/** Resolves after so many milliseconds of the clock. The process lives as long as somebody waits. */
export function wait(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    // The clock's timers keep no process alive; a command that waits for its turn must not end meanwhile.
    const alive = setInterval(() => undefined, 2 ** 30)
    clock.after(milliseconds, () => {
      clearInterval(alive)
      resolve()
    })
  })
}
