/** Times are milliseconds. */
export interface RetrySchedule {
  /** From the first attempt to the second; it doubles from then on. */
  readonly first: number
  /** The longest from one attempt to the next. */
  readonly longest: number
  /** After which it is given up. */
  readonly lifetime: number
  /** The same for what comes from the null reverse-path: nobody waits for it. */
  readonly notificationLifetime: number
  /** After which its sender is told that it takes long; `Infinity`: never. */
  readonly warning: number
}

/** Milliseconds after which a notification is tried again that could not be made, and after which none waits for a content that cannot be read. */
export const patience = 3_600_000

const spread = 0.2

/** A time that is a tenth longer or shorter, by chance, so that what failed together does not come back together. */
export function jittered(milliseconds: number, chance: number = Math.random()): number {
  return Math.round(milliseconds * (1 - spread / 2 + spread * chance))
}

/** Milliseconds after which an outcome says that another attempt makes sense; undefined where what it says is no time. */
export function knownWait(retryAfter: number | undefined): number | undefined {
  return Number.isFinite(retryAfter) ? Math.max(0, Math.ceil(Number(retryAfter))) : undefined
}

/** How long to wait after so many attempts. What is known of the reason may make it longer, not shorter. */
export function pauseAfter(
  { first, longest }: RetrySchedule,
  attempts: number,
  retryAfter: number | undefined,
): number {
  const pause = jittered(Math.min(longest, first * 2 ** Math.min(Math.max(0, attempts - 1), 30)))
  return Math.max(pause, Math.min(knownWait(retryAfter) ?? 0, longest))
}

/** When something has next to be told of a recipient: a warning, or the end. */
export function deadlineOf(
  { warning }: RetrySchedule,
  message: { readonly arrivedAt: number; readonly expiresAt: number },
  warned: boolean,
): number {
  return warned ? message.expiresAt : Math.min(message.expiresAt, message.arrivedAt + warning)
}
