import type { OptionReader } from '../options.ts'

/** How a provider of accounts keeps passwords for CRAM-MD5. */
export interface CramMd5Options {
  /** Whether clients are offered CRAM-MD5. */
  readonly offer: boolean
}

/** What the log says at the start where clients are offered it. */
export const cramMd5Warning =
  'CRAM-MD5 is offered: what is kept for it is next to a password in clear, should somebody steal it'

/** Reads the option `cramMd5`; undefined where it is absent: nothing is kept for it. */
export function readCramMd5Options(read: OptionReader): CramMd5Options | undefined {
  return read.object('cramMd5', (inner) => ({ offer: inner.boolean('offer', { default: false }) }))
}
