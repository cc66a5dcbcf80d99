import type { Log } from '../log.ts'

/**
 * An error that a plugin throws in a timer, or a promise that it forgets, belongs to no session and to no step. It is logged, and
 * the others' sessions go on, and so does a start: what is durable changes in steps that hold by themselves, not in the
 * process's memory.
 */
export function surviveStrays(log: () => Log | undefined): void {
  const note = (error: unknown): void => {
    try {
      log()?.error('internal-error', { error: error ?? `${error} was thrown` })
    } catch {
      // What is thrown here would end the process.
    }
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
}
