import type { Clock, Database, Log } from 'mailwright'
import type { Holder } from '../lanes/holder.ts'
import type { Lanes } from '../lanes/lanes.ts'
import { type Regular, regularly } from '../tables/regularly.ts'
import type { RecipientRow } from '../tables/tables.ts'

export interface HeldAttemptsSettings {
  readonly database: Database
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
}

type HeldRow = Pick<RecipientRow, 'number' | 'destination'>

const lookEvery = 5_000
const rowsAtOnce = 500
/** Milliseconds that a clock falls behind only where somebody sets it. */
const setBack = 1_000

/**
 * Says of recipients who were held, or whose destination was paused, while they may have been being tried that this is over: only the
 * process that tried them knows. After a clock that was set back it says who is being tried: their time has not come by it.
 */
export function createHeldAttempts({ database, holder, lanes, clock, log }: HeldAttemptsSettings): Regular {
  const isTried = ({ number, destination }: HeldRow): boolean => {
    const lane = lanes.get(destination)
    return lanes.isBusy(Number(number)) || lane?.loading === true || lane?.line.has(Number(number)) === true
  }
  const ahead = (): number => clock.now() - clock.monotonic()
  let mostAhead = ahead()
  const noteTried = async (): Promise<void> => {
    const tried = [...lanes.busy(), ...lanes.all().flatMap(({ line }) => [...line.all()])]
    for (let from = 0; from < tried.length; from += rowsAtOnce)
      await database.query((knex) =>
        knex('queue_recipients')
          .whereIn('number', tried.slice(from, from + rowsAtOnce))
          .update({ tried_by: holder.id }),
      )
  }
  return regularly({ clock, log, every: lookEvery }, async () => {
    const isAhead = ahead()
    mostAhead = Math.max(mostAhead, isAhead)
    if (isAhead < mostAhead - setBack) {
      await noteTried()
      mostAhead = isAhead
    }
    for (let after: number | undefined = -1; after !== undefined; ) {
      const from: number = after
      const rows: HeldRow[] = await database.query((knex) =>
        knex<RecipientRow>('queue_recipients')
          .where({ tried_by: holder.id })
          .where('number', '>', from)
          .orderBy('number')
          .limit(rowsAtOnce)
          .select('number', 'destination'),
      )
      const over = rows.filter((row) => !isTried(row)).map(({ number }) => number)
      if (over.length > 0)
        await database.query((knex) =>
          knex('queue_recipients')
            .where({ tried_by: holder.id })
            .whereIn('number', over)
            .update({ tried_by: null }),
        )
      after = rows.length < rowsAtOnce ? undefined : Number(rows.at(-1)?.number)
    }
  })
}
