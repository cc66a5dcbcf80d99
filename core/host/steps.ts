import type { Clock } from '../clock.ts'
import { type ErrorCode, MailwrightError } from '../errors.ts'

/** The plugin and the step are in its message already. */
class StepTimeout extends MailwrightError {
  constructor(message: string) {
    super('MAIL_E_TIMEOUT', message)
  }
}

/** Waits for a step of a plugin; MAIL_E_TIMEOUT with plugin and step where it takes too long. */
export async function withinTime(
  clock: Clock,
  plugin: string,
  step: string,
  milliseconds: number,
  run: () => Promise<void> | undefined,
): Promise<void> {
  let cancel = () => {}
  const late = new Promise<never>((_, reject) => {
    const timer = clock.after(milliseconds, () => {
      reject(new StepTimeout(`${plugin} did not ${step} within ${milliseconds} ms`))
    })
    cancel = () => timer.cancel()
  })
  // The process must not end while a plugin is starting or stopping, and a waiting promise alone does not hold it.
  const hold = setInterval(() => undefined, 60_000)
  try {
    await Promise.race([Promise.resolve().then(run), late])
  } finally {
    cancel()
    clearInterval(hold)
  }
}

/** Names the plugin and the step in an error that came out of it. */
export function stepError(code: ErrorCode, plugin: string, step: string, error: unknown): MailwrightError {
  if (error instanceof StepTimeout) return error
  // Whoever starts a server has asked for no check.
  const problem = step === 'check' ? 'found a fault in what it reads' : `failed in ${step}`
  return new MailwrightError(code, `${plugin} ${problem}`, { cause: error ?? `${error} was thrown` })
}

/** An asynchronous setup would be I/O that nobody waits for, and its errors would go unheard. */
export function refusePromise(value: object): void {
  if (!(value instanceof Promise)) return
  value.catch(() => undefined)
  throw new MailwrightError('MAIL_E_SETUP', 'setup must not be asynchronous; `start` is the place for I/O')
}
