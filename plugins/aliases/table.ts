import type { Clock, Log } from 'mailwright'

/** What a table needs of the plugin that uses it. */
export interface TableSurroundings {
  readonly clock: Clock
  readonly log: Log
}

/** A look-up table: keys, and a text for each. Anything of this shape can stand where a table is wanted. */
export interface Table {
  /**
   * Whether only whole addresses are asked, as they are written: tables of patterns. Others are asked for parts of an
   * address, too, in lower case and with domains in A-labels.
   */
  readonly wholeAddressesOnly?: boolean
  /** MAIL_E_UNAVAILABLE where nobody can say now. */
  lookUp(key: string): Promise<string | undefined>
  /** Makes it usable, before the first look-up; may be called by several users. */
  open?(surroundings: TableSurroundings): Promise<void>
  /** Fails where no server should serve with it. A command does not ask: one broken table must not stop all of them. */
  check?(surroundings: TableSurroundings): Promise<void>
  /** Gives back what it holds, at the end; another user may go on to ask it. */
  close?(): void
}
