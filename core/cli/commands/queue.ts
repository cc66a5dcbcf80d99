import type { CoreCommand } from '../program.ts'
import { queueChangeCommands } from './queue-changes.ts'
import { queueListCommand } from './queue-list.ts'
import { queueShowCommand } from './queue-show.ts'
import { queueStatisticsCommand } from './queue-statistics.ts'

/** What a postmaster sees of what waits, and does to it. */
export const queueCommands: readonly CoreCommand[] = [
  queueListCommand,
  queueShowCommand,
  queueStatisticsCommand,
  ...queueChangeCommands,
]
