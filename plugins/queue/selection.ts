import type { Knex } from 'knex'
import type { QueueSelection } from 'mailwright'
import { never } from './tables.ts'

/** Ids are short; what is longer is none. */
const longestId = 64

/** The recipients whom a selection means, joined with their messages. `active` are those whose deliveries are under way. */
export function selected(knex: Knex, selection: QueueSelection): Knex.QueryBuilder {
  const { id, sender, recipient, destination, state } = selection
  const query = knex('queue_recipients').join(
    'queue_messages',
    'queue_messages.number',
    'queue_recipients.message',
  )
  if (id !== undefined) query.where('queue_messages.id', id.slice(0, longestId + 1))
  if (sender !== undefined) whereAddress(query, 'queue_messages.sender', sender)
  if (recipient !== undefined) whereAddress(query, 'queue_recipients.address', recipient)
  if (destination !== undefined) query.where('queue_recipients.destination', destinationKey(destination))
  if (state === 'held') query.where('queue_recipients.due', never)
  if (state === 'waiting' || state === 'active') query.where('queue_recipients.due', '<', never)
  return query
}

/** An address, or all of a domain as `@example.org`. */
function whereAddress(query: Knex.QueryBuilder, column: string, text: string): void {
  const wanted = text.toLowerCase().slice(0, 512)
  if (wanted.startsWith('@'))
    query.where(column, 'like', `%${wanted.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}`)
  else query.where(column, wanted === '' ? '<>' : wanted)
}

/** How postmasters see destinations that are no domains: `local`, `route`, or a handler's name. */
export function destinationName(destination: string): string {
  return destination.startsWith(':') ? destination.slice(1) : destination
}

/** What the table has for a name: a domain never is `local` or `route`, and a handler's name has no dot at its end. */
function destinationKey(name: string): string {
  return name === 'local' || name === 'route' || name.includes('/') ? `:${name}` : name.toLowerCase()
}
