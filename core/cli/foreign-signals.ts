import type { Log } from '../log.ts'

const foreign = ['SIGUSR1', 'SIGUSR2'] as const

/**
 * Signals that other servers rotate their logs at. Node.js would open its debugger at the one, for everybody on the machine,
 * and end at the other without finishing a session. They change nothing; the first one is logged, once there is a log.
 */
export function ignoreForeignSignals(): (log: Log) => void {
  let log: Log | undefined
  let first: NodeJS.Signals | undefined
  let told = false
  const tell = (): void => {
    if (told || first === undefined || log === undefined) return
    told = true
    log.warn('signal-ignored', { signal: first })
  }
  for (const signal of foreign)
    process.on(signal, () => {
      first ??= signal
      tell()
    })
  return (opened) => {
    log = opened
    tell()
  }
}
