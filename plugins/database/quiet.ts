import type { Knex } from 'knex'
import type { Log } from 'mailwright'

/** Knex writes to the console by itself; its warnings repeat errors that reach the caller anyway. */
export function quiet(log: Log): Knex.Logger {
  const tell = (message: unknown): void => log.debug('unavailable', { text: String(message) })
  return {
    warn: tell,
    error: tell,
    deprecate: (...texts: unknown[]) => tell(texts.join(' ')),
    debug: () => undefined,
  }
}
