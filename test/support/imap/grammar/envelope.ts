import type { Cursor } from './cursor.ts'
import { nil, nstring } from './lexis.ts'

/** address: each member NIL or its octets. */
export interface Address {
  readonly name?: string
  readonly route?: string
  /** A local part, or the name of a group where there is no host. */
  readonly mailbox?: string
  readonly host?: string
}

/** envelope */
export interface Envelope {
  readonly date: string | undefined
  readonly subject: string | undefined
  readonly from: readonly Address[]
  readonly sender: readonly Address[]
  readonly replyTo: readonly Address[]
  readonly to: readonly Address[]
  readonly cc: readonly Address[]
  readonly bcc: readonly Address[]
  readonly inReplyTo: string | undefined
  readonly messageId: string | undefined
}

export function envelope(cursor: Cursor): Envelope {
  cursor.expect('(')
  const date = nstring(cursor)
  const subject = next(cursor, nstring)
  const start = cursor.position
  const from = next(cursor, addresses)
  const sender = next(cursor, addresses)
  const replyTo = next(cursor, addresses)
  // The server sets what is absent to the value of From (RFC 9051 §7.5.2).
  if (from.length > 0 && (sender.length === 0 || replyTo.length === 0))
    cursor.fail('an envelope with From, but without Sender or Reply-To', start)
  const [to, cc, bcc] = [next(cursor, addresses), next(cursor, addresses), next(cursor, addresses)]
  const inReplyTo = next(cursor, nstring)
  const messageId = next(cursor, nstring)
  cursor.expect(')')
  return { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId }
}

function next<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  cursor.space()
  return read(cursor)
}

/** `"(" 1*address ")" / nil`, with no space between addresses. */
function addresses(cursor: Cursor): readonly Address[] {
  if (nil(cursor)) return []
  const start = cursor.position
  cursor.expect('(')
  const found: Address[] = []
  do found.push(address(cursor))
  while (!cursor.takes(')'))
  if (!areGroupsClosed(found)) cursor.fail('a group that is not closed, or ends twice', start)
  return found
}

function address(cursor: Cursor): Address {
  cursor.expect('(')
  const name = nstring(cursor)
  const [route, mailbox, host] = [next(cursor, nstring), next(cursor, nstring), next(cursor, nstring)]
  cursor.expect(')')
  return Object.fromEntries(
    Object.entries({ name, route, mailbox, host }).filter(([, value]) => value !== undefined),
  )
}

/** NIL for the host begins a group that has a name and ends one that has none (RFC 9051 §7.5.2). */
function areGroupsClosed(found: readonly Address[]): boolean {
  let inGroup = false
  for (const { mailbox, host } of found) {
    if (host !== undefined) continue
    if ((mailbox !== undefined) === inGroup) return false
    inGroup = !inGroup
  }
  return !inGroup
}
