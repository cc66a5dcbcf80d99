import { UnavailableError } from '../errors.ts'
import type { FlowContext } from './surroundings.ts'

/** Waits for a service no longer than for a tap. MAIL_E_UNAVAILABLE where it takes longer: what it answers then is not heard. */
export async function answerInTime<T>(
  { clock, timeout }: Pick<FlowContext, 'clock' | 'timeout'>,
  question: () => T | Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = clock.after(timeout, () =>
    late.reject(new UnavailableError(`no answer within ${timeout} ms`)),
  )
  try {
    return await Promise.race([question(), late.promise])
  } finally {
    timer.cancel()
  }
}
