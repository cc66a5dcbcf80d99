import type { Clock } from 'mailwright'
import { DatabaseAwayError } from './failure.ts'

/**
 * What `work` comes to, or a DatabaseAwayError after so many milliseconds; then `giveUp` must end what is going on.
 */
export async function withinTime<T>(
  clock: Clock,
  milliseconds: number,
  { work, giveUp, what }: { work: Promise<T>; giveUp: () => void; what: string },
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = clock.after(milliseconds, () => {
    late.reject(new DatabaseAwayError(`${what} took longer than ${milliseconds} ms`))
    giveUp()
  })
  // Whichever comes second is heard by nobody.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    timer.cancel()
  }
}
