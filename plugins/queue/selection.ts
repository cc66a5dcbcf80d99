import type { Knex } from 'knex'
import type { QueueSelection } from 'mailwright'
import { never } from './tables.ts'

/** Ids are short; what is longer is none. */
const longestId = 64

/** The recipients whom a selection means, joined with their messages. `active` are those whose time has come. */
export function selected(knex: Knex, selection: QueueSelection, now: number): Knex.QueryBuilder {
  const { id, sender, recipient, destination, state } = selection
  const query = knex('queue_recipients').join(
    'queue_messages',
    'queue_messages.number',
    'queue_recipients.message',
  )
  if (id !== undefined) query.where('queue_messages.id', id.slice(0, longestId + 1))
  if (sender !== undefined) whereAddress(query, 'queue_messages.sender', sender)
  if (recipient !== undefined) whereAddress(query, 'queue_recipients.address', recipient)
  if (destination !== undefined) query.whereIn('queue_recipients.destination', destinationKeys(destination))
  if (state === 'held') query.where('queue_recipients.due', never)
  if (state === 'active') query.where('queue_recipients.due', '<=', now)
  if (state === 'waiting')
    query.where('queue_recipients.due', '>', now).where('queue_recipients.due', '<', never)
  return query
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
  return [name.toLowerCase(), `:${name}`]
}
