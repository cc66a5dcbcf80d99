import { type Clock, type Database, firmTransaction, type Log } from 'mailwright'
import type { ContentFiles } from './intake/content-files.ts'
import type { Holder } from './lanes/holder.ts'
import { reviveLanes } from './lanes/lane-table.ts'
import { type LongestTimes, mendTimesAhead } from './lanes/times-ahead.ts'
import { type Regular, regularly } from './tables/regularly.ts'

export interface TidyingSettings {
  readonly database: Database
  readonly holder: Holder
  readonly files: ContentFiles
  readonly longest: LongestTimes
  readonly clock: Clock
  readonly log: Log
}

const tidyEvery = 60_000
/** For a process of this machine that has ended: to ask for it costs next to nothing. */
const buryEvery = 5_000
/** What goes through the whole table is done every so many times. */
const revivedEach = 60

/** Looks after what processes have left behind: their destinations, times of a clock that was ahead, and files that no message names. */
export function createTidying({ database, holder, files, longest, clock, log }: TidyingSettings): Regular {
  const tidying = regularly({ clock, log, every: tidyEvery }, async (times) => {
    await holder.buryOthers()
    await mendTimesAhead(database, longest, clock.now())
    if (times % revivedEach === 0) await firmTransaction(database, (knex) => reviveLanes(knex, clock.now()))
    await files.sweep(clock.now(), (numbers) => knownNumbers(database, numbers))
  })
  const burying = regularly({ clock, log, every: buryEvery }, () => holder.buryEnded())
  return {
    async start() {
      await tidying.start()
      await burying.start()
    },
    async stop() {
      await Promise.all([tidying.stop(), burying.stop()])
    },
  }
}

async function knownNumbers(database: Database, numbers: readonly number[]): Promise<ReadonlySet<number>> {
  const known = new Set<number>()
  for (let from = 0; from < numbers.length; from += 500) {
    const rows = await database.query((knex) =>
      knex('queue_messages')
        .whereIn('number', numbers.slice(from, from + 500))
        .select('number'),
    )
    for (const { number } of rows) known.add(Number(number))
  }
  return known
}
