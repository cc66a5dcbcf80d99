import { isAbsolute, join } from 'node:path'
import { readOptions } from 'mailwright'
import type { HealthSettings } from './lanes/health.ts'
import type { RetrySchedule } from './tables/retry-schedule.ts'

/** Of several options together. */
interface Behaviour {
  readonly schedule: RetrySchedule
  readonly health: HealthSettings
}

export interface QueueOptions extends Behaviour {
  /** Absolute, or within the folder of the server's data. */
  readonly folder: string
  readonly deliveries: number
  readonly recipientsPerDelivery: number
  readonly recipientsInMemory: number
  readonly quarantine: 'hold' | 'junk'
}

/** What a config may write. Times are like `5m`, or milliseconds. */
export interface QueueInput {
  /** Where contents above 64 KiB are kept; processes that share a database share it, too. `queue` in `dataDir` */
  readonly folder?: string
  /** From the first attempt to the second; it doubles from then on. `5m` */
  readonly firstRetry?: number | string
  /** The longest from one attempt to the next. `2h` */
  readonly longestRetry?: number | string
  /** After which a message is given up and its sender told. `5d` */
  readonly lifetime?: number | string
  /** The same for messages from the null reverse-path, such as notifications. `2d` */
  readonly notificationLifetime?: number | string
  /** After which the sender is told that it takes long; 0: never. `4h` */
  readonly delayWarning?: number | string
  /** Deliveries at the same time, to all destinations; one that takes more than a second does not count, up to six times as many. 500 */
  readonly deliveries?: number
  /** Deliveries at the same time to one destination: how it begins. 5 */
  readonly initialPerDestination?: number
  /** The most that it may become. 20 */
  readonly perDestination?: number
  /** The longest that a destination is left alone that does not answer. `1h` */
  readonly longestPause?: number | string
  /** Recipients of one message that are delivered together. 50 */
  readonly recipientsPerDelivery?: number
  /** Recipients whose turn may come soon, kept in memory; the others wait in the table. 20,000 */
  readonly recipientsInMemory?: number
  /** What is done with messages that a plugin wants kept apart: held for the postmaster, or filed into Junk. `hold` */
  readonly quarantine?: 'hold' | 'junk'
}

const day = 86_400_000

export function parseOptions(input: unknown): QueueOptions {
  const read = readOptions(input)
  const first = read.duration('firstRetry', { default: '5m', min: 1000, max: day })
  const longest = read.duration('longestRetry', { default: '2h', min: 1000, max: 7 * day })
  if (longest < first) read.fault('longestRetry', 'must not be shorter than `firstRetry`')
  const initial = read.integer('initialPerDestination', { default: 5, min: 1, max: 1000 })
  const most = read.integer('perDestination', { default: 20, min: 1, max: 10_000 })
  if (most < initial) read.fault('perDestination', 'must not be less than `initialPerDestination`')
  const warning = read.duration('delayWarning', { default: '4h', max: 30 * day })
  const longestPause = read.duration('longestPause', { default: '1h', min: 1000, max: day })
  return read.done({
    folder: read.string('folder', { default: 'queue' }),
    schedule: {
      first,
      longest,
      lifetime: read.duration('lifetime', { default: '5d', min: 1000, max: 60 * day }),
      notificationLifetime: read.duration('notificationLifetime', {
        default: '2d',
        min: 1000,
        max: 60 * day,
      }),
      warning: warning === 0 ? Number.POSITIVE_INFINITY : warning,
    },
    health: { initial, most, firstPause: Math.min(first, longestPause), longestPause },
    deliveries: read.integer('deliveries', { default: 500, min: 1, max: 100_000 }),
    recipientsPerDelivery: read.integer('recipientsPerDelivery', { default: 50, min: 1, max: 10_000 }),
    recipientsInMemory: read.integer('recipientsInMemory', { default: 20_000, min: 100, max: 10_000_000 }),
    quarantine: read.choice('quarantine', ['hold', 'junk'], { default: 'hold' }),
  })
}

/** The folder, made absolute. */
export function folderOf({ folder }: QueueOptions, dataDir: string): string {
  return isAbsolute(folder) ? folder : join(dataDir, folder)
}
