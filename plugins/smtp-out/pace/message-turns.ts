import type { MessageRate } from './limit-option.ts'

/** Milliseconds that anybody waits for a turn of his own at most. */
export const longestPatience = 30_000

/** When a message may go. */
export interface Turn {
  /** Milliseconds until then. */
  readonly wait: number
  /** It is taken: nobody else gets it. Not so where the wait would be longer than somebody has patience for. */
  readonly isTaken: boolean
  /** Another process, or this one in a life before, has taken turns since this one asked last. */
  readonly othersToo?: boolean
}

/** The turns of messages for what has one limit; those of all processes where they share a database. */
export interface MessageTurns {
  /** The next turn of `key`. Takes it where it comes within `patience` milliseconds. */
  take(key: string, rate: MessageRate, patience: number): Promise<Turn>
}

/**
 * Turns are evenly spaced, and `burst` of them may be made up for: the generic cell rate algorithm. `next` is when the turn after all
 * that were taken would come; answers what it is from then on, too. Times are milliseconds.
 */
export function nextTurn(
  next: number,
  now: number,
  { interval, burst }: MessageRate,
  patience: number,
): Omit<Turn, 'othersToo'> & { readonly next: number } {
  const wait = Math.max(0, Math.ceil(next - (burst - 1) * interval - now))
  return wait > patience
    ? { wait, isTaken: false, next }
    : { wait, isTaken: true, next: Math.max(next, now) + interval }
}
