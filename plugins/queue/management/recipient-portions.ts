import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Database, QueueSelection } from 'mailwright'
import { fewMessages } from './selection.ts'

const messagesAtOnce = 200

/** Reads something of the recipients whom a query names. */
type Reading<Read> = (knex: Knex, some: Knex.QueryBuilder) => Promise<Read>

interface PortionSettings {
  /** Recipients that are looked at in one go: nobody waits longer for the database. */
  readonly atOnce: number
  /** The last number that is looked at; without it, also what comes meanwhile. */
  readonly end?: number
}

/**
 * What is read of recipients among whom are all that a selection means, portion by portion: of those of a few messages where an index
 * tells these, else of all, in the order of their numbers. No lock is held, and others have their turns in between.
 */
export async function* recipientPortions<Read>(
  database: Database,
  selection: QueueSelection,
  settings: PortionSettings,
  read: Reading<Read>,
): AsyncGenerator<Read> {
  const messages = await database.query((knex) => fewMessages(knex, selection))
  if (messages === undefined) yield* ofAll(database, settings, read)
  else yield* ofMessages(database, messages, read)
}

async function* ofAll<Read>(
  database: Database,
  { atOnce, end }: PortionSettings,
  read: Reading<Read>,
): AsyncGenerator<Read> {
  for (let after: number | undefined = -1; after !== undefined; ) {
    const from: number = after
    const { found, last } = await database.query(async (knex) => {
      const some = knex('queue_recipients').where('number', '>', from).orderBy('number').limit(atOnce)
      if (end !== undefined) some.where('number', '<=', end)
      const next = some.clone().offset(atOnce - 1)
      return { last: await next.limit(1).first('number'), found: await read(knex, some) }
    })
    yield found
    after = last === undefined ? undefined : Number(last.number)
    await nextTurn()
  }
}

async function* ofMessages<Read>(
  database: Database,
  messages: readonly number[],
  read: Reading<Read>,
): AsyncGenerator<Read> {
  for (let from = 0; from < messages.length; from += messagesAtOnce) {
    const some = messages.slice(from, from + messagesAtOnce)
    yield await database.query((knex) => read(knex, knex('queue_recipients').whereIn('message', some)))
    await nextTurn()
  }
}
