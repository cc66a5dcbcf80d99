import { UnavailableError } from '../errors.ts'

/** Lets a few run at a time and a bounded number wait, in the order in which they came. */
export interface WaitingLine {
  /** Runs the task when its turn has come. Rejects at once with UnavailableError where the line is full. */
  run<T>(task: () => Promise<T>): Promise<T>
}

/** `what` says in the error's text what there is too much of. */
export function createWaitingLine(what: string, running: number, waiting: number): WaitingLine {
  const line: (() => void)[] = []
  let free = running
  return {
    async run(task) {
      if (free > 0) free--
      else if (line.length >= waiting) throw new UnavailableError(`too many ${what} at the same time`)
      else await new Promise<void>((resolve) => line.push(resolve))
      try {
        return await task()
      } finally {
        // The place is handed on, not freed, so that nobody who comes now overtakes those who wait.
        const next = line.shift()
        if (next === undefined) free++
        else next()
      }
    },
  }
}
