import { canonicalDomain, type OptionReader, readOptions } from 'mailwright'

/** What a config may say. */
export interface PickupInput {
  /** Absolute path of the folder where `mailwright sendmail` puts messages: `drop` in the data folder. */
  readonly folder?: string
  /** Who may hand in mail: the members of this group of the system. Everybody where absent. */
  readonly group?: string
  /** The domain that completes names such as `root`, in envelopes and headers: the config's `hostname`. Postfix's `myorigin`. */
  readonly origin?: string
  /** Who may name any sender: `all`, or a list of users of the system. Others send as themselves. `all` */
  readonly trustedUsers?: 'all' | readonly string[]
  /** Octets of a message at most: `25M`. */
  readonly maxSize?: number | string
  /** Recipients of a message at most: 50,000. */
  readonly maxRecipients?: number
  /** Received fields above which a message runs in circles: 50. */
  readonly maxHops?: number
  /** Messages that are handed on at the same time: 10. */
  readonly concurrency?: number
  /** How often the folder is looked at, beside the system's own hints: `5s`. */
  readonly pollInterval?: number | string
  /** How long after a first "not now" a message is tried again, twice as long each time: `10s` … */
  readonly firstRetry?: number | string
  /** … up to: `10m`. */
  readonly longestRetry?: number | string
  /** How old a message may get before its sender is told that it could not be handed on: `5d`. */
  readonly giveUpAfter?: number | string
}

/** The same, checked; times in milliseconds. */
export interface PickupOptions {
  readonly folder: string | undefined
  readonly group: string | undefined
  readonly origin: string | undefined
  readonly trustedUsers: 'all' | readonly string[]
  readonly maxSize: number
  readonly maxRecipients: number
  readonly maxHops: number
  readonly concurrency: number
  readonly pollInterval: number
  readonly firstRetry: number
  readonly longestRetry: number
  readonly giveUpAfter: number
}

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): PickupOptions {
  const read = readOptions(input)
  const firstRetry = read.duration('firstRetry', { default: '10s', min: 100 })
  const longestRetry = read.duration('longestRetry', { default: '10m', min: 100 })
  if (longestRetry < firstRetry) read.fault('longestRetry', 'must not be less than `firstRetry`')
  return read.done({
    folder: read.absolutePath('folder'),
    group: read.optionalString('group'),
    origin: readOrigin(read),
    trustedUsers: readUsers(read),
    maxSize: read.size('maxSize', { default: '25M', min: 1_024 }),
    maxRecipients: read.integer('maxRecipients', { default: 50_000, min: 1 }),
    maxHops: read.integer('maxHops', { default: 50, min: 10 }),
    concurrency: read.integer('concurrency', { default: 10, min: 1, max: 1_000 }),
    pollInterval: read.duration('pollInterval', { default: '5s', min: 100 }),
    firstRetry,
    longestRetry,
    giveUpAfter: read.duration('giveUpAfter', { default: '5d', min: 60_000 }),
  })
}

function readOrigin(read: OptionReader): string | undefined {
  const text = read.optionalString('origin')
  if (text === undefined) return undefined
  const domain = canonicalDomain(text)
  if (domain !== undefined && !domain.startsWith('[')) return domain
  read.fault('origin', 'must be a domain such as "example.org"')
  return undefined
}

function readUsers(read: OptionReader): 'all' | readonly string[] {
  const value = read.value('trustedUsers')
  return value === undefined || value === 'all' ? 'all' : read.strings('trustedUsers')
}
