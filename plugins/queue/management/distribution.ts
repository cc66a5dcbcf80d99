import type { Knex } from 'knex'
import type { Database, QueueDistribution, QueueGrouping, QueueSelection } from 'mailwright'
import { readLast } from '../tables/queued.ts'
import { type BigNumber, never } from '../tables/tables.ts'
import { GroupCounts } from './group-counts.ts'
import { recipientPortions } from './recipient-portions.ts'
import { destinationName, selected } from './selection.ts'

/** Recipients of whom the same is written, and whose messages arrived at the same time. */
interface CountedRow {
  /** Null where the message is not there, or where nothing is written. */
  readonly written: string | null
  /** Null where the message is not there. */
  readonly arrived_at: BigNumber | null
  readonly recipients: BigNumber
  readonly held: BigNumber
}

export interface Counting {
  readonly by: QueueGrouping
  readonly selection: QueueSelection
  /** Milliseconds since 1970. */
  readonly now: number
  readonly toldApart?: number
}

/** Rows that are looked at in one go: a database in the process itself holds up everybody else meanwhile. */
const rowsAtOnce = 1_000

/** What has to be read to know whom a selection means, and when. */
const needed = ['number', 'message', 'address', 'target', 'destination', 'due', 'deadline', 'tried_by']

const columns: Readonly<Record<QueueGrouping, string>> = {
  destination: 'queue_recipients.destination',
  sender: 'queue_messages.sender',
  'sender-address': 'queue_messages.sender',
  recipient: 'queue_recipients.address',
  cause: 'queue_recipients.last',
}

/** How what waits is spread, as postmasters see it. */
export async function distribution(
  database: Database,
  counting: Counting,
  limit: number,
): Promise<QueueDistribution> {
  const counts = await countGroups(database, counting)
  const { total } = counts
  return {
    total: { ...total, oldest: total.recipients === 0 ? undefined : total.oldest },
    found: counts.found,
    groups: counts.largest(limit).map(([group, count]) => ({
      name: counting.by === 'destination' ? destinationName(group) : group,
      ...count,
    })),
  }
}

/**
 * Counts what waits. Everything is gone through once, in the order in which it is written, by portions: that is several times quicker than
 * to ask for each group, and nobody waits longer than for one portion.
 */
export async function countGroups(
  database: Database,
  { by, selection, now, toldApart }: Counting,
): Promise<GroupCounts> {
  const counts = new GroupCounts(now, toldApart)
  // What comes meanwhile is not counted, so that it ends.
  const settings = { atOnce: rowsAtOnce, end: await lastNumber(database) }
  const read = (knex: Knex, some: Knex.QueryBuilder): Promise<readonly CountedRow[]> =>
    countedRows(knex, some, { by, selection, now })
  for await (const rows of recipientPortions(database, selection, settings, read)) {
    for (const { written, arrived_at, recipients, held } of rows)
      counts.add({
        group: groupOf(by, written),
        arrivedAt: Number(arrived_at ?? now),
        recipients: Number(recipients),
        held: Number(held),
      })
    counts.forgetSmallest()
  }
  return counts
}

async function lastNumber(database: Database): Promise<number> {
  const [row] = await database.query((knex) => knex('queue_recipients').max({ number: 'number' }))
  return Number(row?.number ?? -1)
}

function countedRows(
  knex: Knex,
  some: Knex.QueryBuilder,
  { by, selection, now }: Counting,
): Knex.QueryBuilder<CountedRow, CountedRow[]> {
  const portion = some.select(by === 'cause' ? [...needed, 'last'] : needed)
  return selected(knex, selection, now, portion, 'leftJoin')
    .groupBy(columns[by], 'queue_messages.arrived_at')
    .select(
      { written: columns[by] },
      'queue_messages.arrived_at',
      knex.raw('sum(case when ?? = ? and ?? = ? then 1 else 0 end) as held', [
        'queue_recipients.due',
        never,
        'queue_recipients.deadline',
        never,
      ]),
    )
    .count({ recipients: '*' })
}

function groupOf(by: QueueGrouping, written: string | null): string {
  if (by === 'cause') return written === null ? 'untried' : (readLast(written)?.cause ?? 'other')
  if (written === null) return 'unknown'
  const domain = written.lastIndexOf('@')
  const isByDomain = by === 'sender' || by === 'recipient'
  return isByDomain && domain >= 0 ? written.slice(domain) : written
}
