import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Database, QueueSelection } from 'mailwright'
import type { RecipientRow } from '../tables/tables.ts'
import { fewMessages, selected } from './selection.ts'

/** Recipients that are looked at in one go: nobody waits longer for the database. */
const lookedAtOnce = 2_000
const messagesAtOnce = 200
const pageSize = 500

/**
 * Numbers of the recipients whom a selection means, by pages. They are looked for without a lock, so that a search through a long queue keeps
 * nobody from writing: whoever changes them looks again, with {@link selectedAmong}.
 */
export async function* selectedPages(
  database: Database,
  selection: QueueSelection,
  now: () => number,
): AsyncGenerator<readonly number[]> {
  const messages = await database.query((knex) => fewMessages(knex, selection))
  if (messages === undefined) yield* inWindows(database, selection, now)
  else yield* ofMessages(database, selection, now, messages)
}

/** Those of some recipients whom a selection means now, in the order of their numbers. */
export function selectedAmong(
  knex: Knex,
  selection: QueueSelection,
  now: number,
  numbers: readonly number[],
): Knex.QueryBuilder {
  // With a limit databases do begin with these, and not with an index that has many more.
  const some = knex('queue_recipients').whereIn('number', numbers).limit(numbers.length)
  return selected(knex, selection, now, some).orderBy('queue_recipients.number').select('queue_recipients.*')
}

/** Through the whole table. */
async function* inWindows(
  database: Database,
  selection: QueueSelection,
  now: () => number,
): AsyncGenerator<readonly number[]> {
  for (let after: number | undefined = -1; after !== undefined; ) {
    const from: number = after
    const { found, last } = await database.query(async (knex) => {
      const some = knex('queue_recipients').where('number', '>', from).orderBy('number').limit(lookedAtOnce)
      return {
        last: await some
          .clone()
          .offset(lookedAtOnce - 1)
          .limit(1)
          .first('number'),
        found: await selected(knex, selection, now(), some).pluck('queue_recipients.number'),
      }
    })
    yield* paged(found)
    after = last === undefined ? undefined : Number(last.number)
    await nextTurn()
  }
}

async function* ofMessages(
  database: Database,
  selection: QueueSelection,
  now: () => number,
  messages: readonly number[],
): AsyncGenerator<readonly number[]> {
  for (let from = 0; from < messages.length; from += messagesAtOnce) {
    const some = messages.slice(from, from + messagesAtOnce)
    const found = await database.query((knex) =>
      selected(knex, selection, now())
        .whereIn('queue_recipients.message', some)
        .pluck('queue_recipients.number'),
    )
    yield* paged(found)
    await nextTurn()
  }
}

function* paged(numbers: readonly RecipientRow['number'][]): Generator<readonly number[]> {
  const sorted = numbers.map(Number).sort((one, other) => one - other)
  for (let from = 0; from < sorted.length; from += pageSize) yield sorted.slice(from, from + pageSize)
}
