import { UnavailableError } from 'mailwright'

/** A pattern takes too long for an address: what it stands for cannot be said, and of others it can. */
export class SlowPatternError extends UnavailableError {
  constructor(place: string) {
    super(`the pattern of ${place} takes too long`)
    this.name = 'SlowPatternError'
  }
}

/** Whether that is behind an error. */
export function isSlowPattern(error: unknown): boolean {
  return error instanceof SlowPatternError || (error instanceof Error && isSlowPattern(error.cause))
}
