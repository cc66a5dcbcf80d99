import type { Clock, Timer } from '../clock.ts'

/** Milliseconds that a session may go on with what it is in the middle of when its client has left. */
const patience = 5_000

/**
 * Waits for the end of a session, and where its client has left not much longer: what it is in the middle of may never come
 * back. Answers whether it has ended.
 */
export function endedOrLeft(ended: Promise<void>, left: Promise<void>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    let isOver = false
    let timer: Timer | undefined
    void ended.then(() => {
      isOver = true
      timer?.cancel()
      resolve(true)
    })
    void left.then(() => {
      if (!isOver) timer = clock.after(patience, () => resolve(false))
    })
  })
}
