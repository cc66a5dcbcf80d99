import type { Network, PrefixLengths, SessionRole } from 'mailwright'

/** What counts, how much is too much, and what is done then. Times in milliseconds. */
export interface GuardOptions {
  readonly roles: ReadonlySet<SessionRole>
  readonly neverBan: readonly Network[]
  /** One client. */
  readonly client: PrefixLengths
  /** Its surroundings. */
  readonly surroundings: PrefixLengths
  readonly window: number
  readonly thresholds: Thresholds
  readonly restriction: RestrictionLengths
  readonly knownFor: number
  readonly strangers: 'delay' | 'refuse'
  readonly delay: Delays
  readonly syncEvery: number
  /** Of each: counters in memory, rows of a table. */
  readonly maxEntries: number
}

/** How many failures within a window are too many; 0: never. */
export interface Thresholds {
  readonly network: number
  readonly surroundings: number
  readonly login: number
  readonly loginFromNetwork: number
  /** What one name can add to the count of a network. */
  readonly sameLogin: number
  /** By how much the threshold of a network from which somebody has logged in lately is higher. */
  readonly knownFactor: number
}

/** How long a restriction lasts: the first, doubled each time, up to the longest. */
export interface RestrictionLengths {
  readonly first: number
  readonly longest: number
  /** How long after its end it still counts as the one before. */
  readonly forgetAfter: number
}

/** How long a failed login waits for its answer, and how many may wait at the same time. */
export interface Delays {
  readonly first: number
  readonly longest: number
  readonly most: number
  readonly mostPerNetwork: number
  readonly mostPerLogin: number
}
