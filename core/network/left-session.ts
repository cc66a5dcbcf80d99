import type { Clock, Timer } from '../clock.ts'

/** Milliseconds that a session may go on with what it is in the middle of when its client has left, and still counts. */
const patience = 5_000
/** Milliseconds after which it is told aloud: a search in a large mailbox comes back before. */
const longPatience = 60_000

/** A session whose client may leave while something goes on for it. */
export interface FollowedSession {
  /** Resolves when nothing more is done for the client. */
  readonly ended: Promise<void>
  /** Resolves when its connection has closed. */
  readonly closed: Promise<void>
  readonly clock: Clock
  /** The session does not count any more. Called once. */
  leave(): void
  /** It goes on although the client has left. */
  stuck(level: 'debug' | 'warn'): void
}

/**
 * Resolves when a session is over. Where its client has left and what it is in the middle of does not come back, it does not
 * count any more before that: it may never come back.
 */
export async function sessionOver({ ended, closed, clock, leave, stuck }: FollowedSession): Promise<void> {
  let [isOver, counts] = [false, true]
  let timer: Timer | undefined
  const leaveOnce = (): void => {
    if (counts) leave()
    counts = false
  }
  const tellLater = (): void => {
    leaveOnce()
    stuck('debug')
    timer = clock.after(longPatience - patience, () => stuck('warn'))
  }
  void closed.then(() => {
    if (!isOver) timer = clock.after(patience, tellLater)
  })
  await ended
  isOver = true
  timer?.cancel()
  await closed
  leaveOnce()
}
