import type { Rate } from './rate.ts'

/**
 * What was counted in the window that now runs, and in the one before. Windows stand still, so that all processes count in
 * the same ones. That of before counts for the part of it that a window's length back from now still covers: so the count slides.
 */
export interface WindowCount {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly current: number
  readonly previous: number
}

/** What fractions of a window may be wrong by. */
const tolerance = 1e-6

/** The count as it is at a time. */
export function countAt(count: WindowCount | undefined, { per }: Rate, now: number): WindowCount {
  const startedAt = Math.floor(now / per) * per
  // The next window is of a process whose clock is a little ahead: what was counted counts. A later one is of a wrong clock.
  if (count !== undefined && count.startedAt >= startedAt && count.startedAt <= startedAt + per) return count
  const previous = count !== undefined && count.startedAt === startedAt - per ? count.current : 0
  return { startedAt, current: 0, previous }
}

/** How many count at a time. */
export function usedAt(count: WindowCount, { per }: Rate, now: number): number {
  return count.previous * (1 - elapsed(count, per, now) / per) + count.current
}

/** Milliseconds until there is room for one more; 0 where there is. Of a count as `countAt` answers it. */
export function untilRoom(count: WindowCount, rate: Rate, now: number): number {
  const { most, per } = rate
  if (usedAt(count, rate, now) + 1 <= most + tolerance) return 0
  const { current, previous } = count
  const toEnd = per - elapsed(count, per, now)
  const wait =
    current + 1 <= most
      ? toEnd - (per * (most - 1 - current)) / previous
      : toEnd + per * (1 - (most - 1) / current)
  return Math.max(1, Math.ceil(wait))
}

function elapsed({ startedAt }: WindowCount, per: number, now: number): number {
  return Math.min(per, Math.max(0, now - startedAt))
}
