import type { OptionReader } from '../options.ts'

/** How a provider of accounts keeps passwords for CRAM-MD5. */
export interface CramMd5Options {
  /** Whether clients are offered CRAM-MD5. */
  readonly offer: boolean
}

/** What the log says at the start where passwords are kept for it: that costs the same whether clients are offered it or not. */
export function cramMd5Warning({ offer }: CramMd5Options): string {
  const state = offer ? 'CRAM-MD5 is offered' : 'Passwords are kept for CRAM-MD5, which is not offered'
  return `${state}: what is kept for it is next to a password in clear, should somebody steal it`
}

/** Reads the option `cramMd5`; undefined where it is absent: nothing is kept for it. */
export function readCramMd5Options(read: OptionReader): CramMd5Options | undefined {
  return read.object('cramMd5', (inner) => ({ offer: inner.boolean('offer', { default: false }) }))
}
