import type { Knex } from 'knex'
import type { Database } from 'mailwright'
import type { Acquaintance } from './known-networks.ts'
import type { Restriction } from './restrictions.ts'
import { pairSubject, type Subject, subjectId } from './subject.ts'
import type { FailureRow, GenerationRow, KnownRow, RestrictionRow } from './tables.ts'

/** Failures to be added to what the table has. */
export interface FailureChange {
  readonly subject: Subject
  readonly change: number
  readonly startedAt: number
  readonly lastAt: number
}

/** What all processes have counted of a subject together. */
export interface FailureTotal {
  readonly failures: number
  readonly startedAt: number
}

/** Up to where the restrictions have been read: they are in the order of their generations, then of their ids. */
export interface Bookmark {
  readonly generation: number
  readonly id: string
}

/** Before the first. */
export const beginning: Bookmark = { generation: 0, id: '' }

/** Rows of one statement: no database has trouble with so many values. */
const rowsAtOnce = 50
/** Networks that are known of one login; the newest ones. */
const networksOfLogin = 100

/** What the processes share. All calls may fail with MAIL_E_UNAVAILABLE. */
export class GuardTables {
  readonly database: Database

  constructor(database: Database) {
    this.database = database
  }

  /** Adds failures; answers the totals, in the order of the changes. `isRunning` tells whether a row still counts. */
  async addFailures(
    changes: readonly FailureChange[],
    isRunning: (count: { startedAt: number }) => boolean,
  ): Promise<readonly FailureTotal[]> {
    const ids = changes.map(({ subject }) => subjectId(subject))
    return await this.database.transaction(async (transaction) => {
      const table = () => transaction<FailureRow>('guard_failures').whereIn('id', ids)
      const rows = new Map((await table().forUpdate().select()).map((row) => [row.id, row]))
      const merged = changes.map((change, index) =>
        mergeFailures(change, ids[index] ?? '', rows.get(ids[index] ?? ''), isRunning),
      )
      await table().delete()
      await insertAll(
        transaction,
        'guard_failures',
        merged.filter(({ failures }) => failures > 0),
      )
      return merged.map(({ failures, started_at }) => ({ failures, startedAt: Number(started_at) }))
    })
  }

  /** Puts restrictions in the place of those of the same subjects, as a new generation. */
  async putRestrictions(restrictions: readonly Restriction[]): Promise<void> {
    await this.database.transaction((transaction) => replaceRestrictions(transaction, restrictions))
  }

  /** What has changed behind a bookmark, oldest first, so many at most, and the next bookmark. */
  async restrictionsBehind(
    { generation, id }: Bookmark,
    most: number,
  ): Promise<{ restrictions: readonly Restriction[]; bookmark: Bookmark }> {
    const rows = await this.database.query((knex) =>
      knex<RestrictionRow>('guard_restrictions')
        .where('generation', '>', generation)
        .orWhere((same) => void same.where({ generation }).andWhere('id', '>', id))
        .orderBy('generation')
        .orderBy('id')
        .limit(most)
        .select(),
    )
    const last = rows.at(-1)
    return {
      restrictions: rows.map(restrictionOf),
      bookmark: { generation: Number(last?.generation ?? generation), id: last?.id ?? id },
    }
  }

  async hasLoggedIn(login: string, surroundings: string, since: number): Promise<boolean> {
    const rows = await this.database.query((knex) =>
      knex<KnownRow>('guard_known').where({ login, surroundings }).where('seen_at', '>', since).limit(9),
    )
    // Compared again, because some collations take more for equal than is.
    return rows.some((row) => row.login === login)
  }

  async hasLogins(network: string, since: number): Promise<boolean> {
    const row = await this.database.query((knex) =>
      knex<KnownRow>('guard_known').where({ network }).where('seen_at', '>', since).first('id'),
    )
    return row !== undefined
  }

  async putKnown(acquaintances: readonly Acquaintance[]): Promise<void> {
    const rows = acquaintances.map(({ login, network, surroundings, seenAt }) => ({
      id: subjectId(pairSubject(network, login)),
      login,
      network,
      surroundings,
      seen_at: seenAt,
    }))
    await this.database.transaction(async (transaction) => {
      await transaction<KnownRow>('guard_known')
        .whereIn(
          'id',
          rows.map(({ id }) => id),
        )
        .delete()
      await insertAll(transaction, 'guard_known', rows)
      await dropSurplus(
        transaction,
        rows.map(({ login }) => login),
      )
    })
  }
}

function mergeFailures(
  { subject, change, startedAt, lastAt }: FailureChange,
  id: string,
  row: FailureRow | undefined,
  isRunning: (count: { startedAt: number }) => boolean,
): FailureRow {
  const begun = row === undefined ? undefined : Number(row.started_at)
  const before = row !== undefined && begun !== undefined && isRunning({ startedAt: begun }) ? row : undefined
  return {
    id,
    ...subject,
    failures: Math.max(0, (before?.failures ?? 0) + change),
    started_at: before === undefined ? startedAt : Math.min(startedAt, begun ?? startedAt),
    last_at: Math.max(lastAt, Number(before?.last_at ?? 0)),
  }
}

/** The row of the generation is locked first, so that generations become visible in their order. */
export async function replaceRestrictions(
  transaction: Knex.Transaction,
  restrictions: readonly Restriction[],
): Promise<void> {
  if (restrictions.length === 0) return
  const counter = () => transaction<GenerationRow>('guard_generation').where({ id: 1 })
  await counter().increment('generation', 1)
  const generation = Number((await counter().first('generation'))?.generation ?? 0)
  const rows = restrictions.map(({ subject, since, endsAt, times, reason, madeBy }) => ({
    id: subjectId(subject),
    ...subject,
    since,
    ends_at: endsAt,
    times,
    reason: reason.slice(0, 255),
    made_by: madeBy,
    generation,
  }))
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.slice(from, from + rowsAtOnce).map(({ id }) => id)
    await transaction<RestrictionRow>('guard_restrictions').whereIn('id', some).delete()
  }
  await insertAll(transaction, 'guard_restrictions', rows)
}

export function restrictionOf(row: RestrictionRow): Restriction {
  const { kind, network, login, since, ends_at, times, reason, made_by } = row
  return {
    subject: { kind, network, login },
    since: Number(since),
    endsAt: ends_at === null ? null : Number(ends_at),
    times,
    reason,
    madeBy: made_by,
  }
}

/** Nobody makes the table grow by coming from ever new networks. */
async function dropSurplus(transaction: Knex.Transaction, logins: readonly string[]): Promise<void> {
  const many = await transaction<KnownRow>('guard_known')
    .whereIn('login', [...new Set(logins)])
    .groupBy('login')
    .having(transaction.raw('count(*)'), '>', networksOfLogin)
    .select('login')
  for (const { login } of many) {
    const rows = await transaction<KnownRow>('guard_known')
      .where({ login })
      .orderBy('seen_at', 'desc')
      .offset(networksOfLogin)
      .limit(1000)
      .select('id')
    const surplus = rows.map(({ id }) => id)
    await transaction<KnownRow>('guard_known').whereIn('id', surplus).delete()
  }
}

async function insertAll(
  transaction: Knex.Transaction,
  table: string,
  rows: readonly { readonly id: string }[],
): Promise<void> {
  // In one order everywhere, so that two processes do not wait for each other.
  const ordered = rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))
  for (let from = 0; from < ordered.length; from += rowsAtOnce)
    await transaction(table).insert(ordered.slice(from, from + rowsAtOnce))
}
