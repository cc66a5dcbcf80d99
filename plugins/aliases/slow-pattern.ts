import { UnavailableError } from 'mailwright'

/** The patterns take too long for an address: what it stands for cannot be said, and of others it can. */
export class SlowPatternError extends UnavailableError {
  /** `place` is that of the pattern that took most of the time, where there is one. */
  constructor(place: string | undefined) {
    super(place === undefined ? 'the patterns take too long' : `the pattern of ${place} takes too long`)
    this.name = 'SlowPatternError'
  }
}

/** Whether that is behind an error. */
export function isSlowPattern(error: unknown): boolean {
  return error instanceof SlowPatternError || (error instanceof Error && isSlowPattern(error.cause))
}
