import type { ServerName } from './script.ts'

/** What a server does wrong in every session, and why it is known to. */
export const knownFaults: readonly {
  readonly server: ServerName
  /** A part of what the grammar or the checker says of it. */
  readonly rule: string
  readonly reason: string
}[] = [
  {
    server: 'courier',
    rule: 'no standard defines the flag \\Recent',
    reason: 'its FLAGS has \\Recent, which RFC 3501 §9 keeps out of flag-list',
  },
  {
    server: 'courier',
    rule: 'SELECT told no FLAGS',
    reason: 'its FLAGS is not to be read, see above',
  },
  {
    server: 'courier',
    rule: 'EXAMINE told no FLAGS',
    reason: 'its FLAGS is not to be read, see above',
  },
  {
    server: 'courier',
    rule: 'the code MYRIGHTS',
    reason: 'it sends the rights of a mailbox in a response code that no standard has',
  },
]
