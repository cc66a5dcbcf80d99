import { toldBy } from './error-origin.ts'
import { type ErrorCode, errorText, MailwrightError } from './errors.ts'

/** Throws what went wrong: a single fault as it is, MAIL_E_START with the texts of several. */
export function throwFaults(faults: readonly unknown[]): void {
  if (faults.length === 1) throw faults[0]
  throwTogether('MAIL_E_START', faults)
}

/** Throws one error with the texts of all that went wrong, where anything did. */
export function throwTogether(code: ErrorCode, faults: readonly unknown[]): void {
  if (faults.length > 0) throw toldBy(new MailwrightError(code, faults.map(errorText).join('; ')), faults)
}

/** Does a step for all at the same time, and for what is listed twice once. Waits for every one; MAIL_E_START with all faults. */
export async function forAllAtOnce<One>(
  all: readonly One[],
  step: (one: One) => Promise<void> | undefined,
): Promise<void> {
  const results = await Promise.allSettled([...new Set(all)].map(async (one) => step(one)))
  throwFaults(results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])))
}
