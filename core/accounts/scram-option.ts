import type { OptionReader } from '../options.ts'

/** How a provider of accounts keeps keys for SCRAM. */
export interface ScramOptions {
  /** Whether clients are offered SCRAM. */
  readonly offer: boolean
  readonly iterations: number
}

/** Reads the option `scram`; undefined where it is absent: no keys are kept. */
export function readScramOptions(read: OptionReader): ScramOptions | undefined {
  return read.object('scram', (inner) => ({
    offer: inner.boolean('offer', { default: false }),
    // RFC 7677 §4: at least 4,096. OWASP's table has 600,000 for PBKDF2 with SHA-256.
    iterations: inner.integer('iterations', { default: 600_000, min: 4096, max: 1_000_000 }),
  }))
}
