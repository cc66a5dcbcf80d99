/** Runs what must not leave anything behind: SIGINT and SIGTERM abort it, and the process ends by them once it is over. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController()
  let by: NodeJS.Signals | undefined
  const hear = (name: NodeJS.Signals): void => {
    by ??= name
    interrupted.abort(new Error(`interrupted by ${name}`))
  }
  // Asked again, the process ends at once.
  process.once('SIGINT', hear).once('SIGTERM', hear)
  try {
    return await run(interrupted.signal)
  } finally {
    process.off('SIGINT', hear).off('SIGTERM', hear)
    if (by !== undefined) process.kill(process.pid, by)
  }
}
