import type { Clock } from '../clock.ts'
import type { Verification } from '../services/accounts.ts'

/**
 * Answers a success at once, and a failure not before so many milliseconds have passed since the question. The timer starts
 * first and is not computed from the time that was needed, or the rest of it would tell that time.
 */
export async function failNotBefore(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  question: () => Promise<Verification | undefined> | undefined,
): Promise<Verification | undefined> {
  const floor = Promise.withResolvers<void>()
  const timer = clock.after(milliseconds, floor.resolve)
  const verified = await question()
  if (verified?.ok !== true) await floor.promise
  timer.cancel()
  return verified
}
