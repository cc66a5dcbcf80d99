import type { Knex } from 'knex'
import { canonicalDomain, type QueueSelection } from 'mailwright'
import { type BigNumber, never } from '../tables/tables.ts'

/** Ids are short; what is longer is none. */
const longestId = 64

/** Messages up to which an index alone says which ones a selection may mean. */
const few = 1_000

/**
 * The recipients whom a selection means, of all or of `some` that a query names, joined with their messages. `active` are those whose time
 * has come, and whose destination is not left alone. With `leftJoin` there are also those whose message is lost.
 */
export function selected(
  knex: Knex,
  selection: QueueSelection,
  now: number,
  some?: Knex.QueryBuilder,
  join: 'join' | 'leftJoin' = 'join',
): Knex.QueryBuilder {
  const query = knex.from(some?.as('queue_recipients') ?? 'queue_recipients')
  query[join]('queue_messages', 'queue_messages.number', 'queue_recipients.message')
  whereMessage(query, selection)
  whereRecipient(knex, query, selection, now)
  return query
}

/**
 * The messages with a recipient whom a selection means: it looks at one message after the other, in whatever order is asked for. There
 * may be some for whom nobody waits any more, and whose sender is not told yet.
 */
export function selectedMessages(knex: Knex, selection: QueueSelection, now: number): Knex.QueryBuilder {
  const query = knex('queue_messages')
  whereMessage(query, selection)
  const { recipient, destination, state } = selection
  const waiting = ofMessage(knex, 'queue_recipients')
  if (recipient === undefined && destination === undefined) {
    if (state === undefined) return query
    if (state === 'reporting')
      return query
        .whereExists(ofMessage(knex, 'queue_reports').where('due', '<', never))
        .whereNotExists(waiting)
  }
  whereRecipient(knex, waiting, selection, now)
  return query.whereExists(waiting)
}

function ofMessage(knex: Knex, table: 'queue_recipients' | 'queue_reports'): Knex.QueryBuilder {
  return knex(table).select(knex.raw('1')).whereRaw('?? = ??', ['message', 'queue_messages.number'])
}

/**
 * Numbers of messages among which are all that a selection means, where an index tells and they are few. Undefined: one has to go
 * through everything.
 */
export async function fewMessages(
  knex: Knex,
  selection: QueueSelection,
): Promise<readonly number[] | undefined> {
  const narrow = byIndex(knex, selection)
  if (narrow === undefined) return undefined
  const rows: { readonly found: BigNumber }[] = await narrow.limit(few + 1)
  return rows.length > few ? undefined : [...new Set(rows.map(({ found }) => Number(found)))]
}

function byIndex(knex: Knex, { id, destination, state }: QueueSelection): Knex.QueryBuilder | undefined {
  if (id !== undefined) return knex('queue_messages').where('id', idKey(id)).select('number as found')
  const recipients = knex('queue_recipients').select('message as found')
  if (destination !== undefined) return recipients.whereIn('destination', destinationKeys(destination))
  // Of those who are held the deadline does not come either, and that has an index of its own.
  if (state === 'held') return recipients.where({ deadline: never, due: never })
  if (state === 'reporting')
    return knex('queue_reports').where('due', '<', never).distinct('message as found')
  return undefined
}

function whereMessage(
  query: Knex.QueryBuilder,
  { id, sender, arrivedSince, arrivedBefore }: QueueSelection,
): void {
  if (id !== undefined) query.where('queue_messages.id', idKey(id))
  if (sender !== undefined) whereAddress(query, 'queue_messages.sender', sender)
  if (arrivedSince !== undefined) query.where('queue_messages.arrived_at', '>=', arrivedSince.getTime())
  if (arrivedBefore !== undefined) query.where('queue_messages.arrived_at', '<', arrivedBefore.getTime())
}

function whereRecipient(
  knex: Knex,
  query: Knex.QueryBuilder,
  { recipient, destination, state }: QueueSelection,
  now: number,
): void {
  if (recipient !== undefined)
    query.where((either) => {
      whereAddress(either, 'queue_recipients.address', recipient)
      either.orWhere((led) => whereAddress(led, 'queue_recipients.target', recipient))
    })
  if (destination !== undefined) query.whereIn('queue_recipients.destination', destinationKeys(destination))
  // They have none.
  if (state === 'reporting') query.whereRaw('1 = 0')
  const [due, deadline] = ['queue_recipients.due', 'queue_recipients.deadline'] as const
  const triedBy = 'queue_recipients.tried_by'
  if (state === 'held') query.where(due, never).where(deadline, never)
  // Also what is to be given up after the attempt that is being made, and what was being tried when its destination was paused.
  if (state === 'active')
    query.where((active) =>
      active
        .where((tried) => tried.where(due, '<=', now).whereNotExists(pauseOf(knex, now)))
        .orWhere((ending) => ending.where(due, never).where(deadline, '<', never))
        .orWhere((tried) => tried.where(due, '<', never).whereNotNull(triedBy)),
    )
  if (state === 'waiting')
    query
      .where(due, '<', never)
      .whereNull(triedBy)
      .where((later) => later.where(due, '>', now).orWhereExists(pauseOf(knex, now)))
}

/** Rows where a recipient's destination is left alone for a while. */
function pauseOf(knex: Knex, now: number): Knex.QueryBuilder {
  return knex('queue_lanes')
    .select(knex.raw('1'))
    .whereRaw('?? = ??', ['queue_lanes.destination', 'queue_recipients.destination'])
    .where('queue_lanes.paused_until', '>', now)
}

function idKey(id: string): string {
  return id.slice(0, longestId + 1)
}

/** An address, or all of a domain as `@example.org`. */
function whereAddress(query: Knex.QueryBuilder, column: string, text: string): void {
  const wanted = text.toLowerCase().slice(0, 512)
  // The databases differ in what escapes a sign where nothing is said.
  if (wanted.startsWith('@'))
    query.whereRaw("?? like ? escape '!'", [column, `%${wanted.replaceAll(/[!%_]/g, (sign) => `!${sign}`)}`])
  else query.where(column, wanted === '' ? '<>' : wanted)
}

/** How postmasters see destinations that are no domains: `local`, `route`, or a handler's name. */
export function destinationName(destination: string): string {
  return destination.startsWith(':') ? destination.slice(1) : destination
}

/** What the table may have for a name: of a domain, or of something here. No domain has a slash. */
function destinationKeys(name: string): readonly string[] {
  if (name === 'local' || name === 'route' || name.includes('/')) return [`:${name}`]
  return [canonicalDomain(name) ?? name.toLowerCase(), `:${name}`]
}
