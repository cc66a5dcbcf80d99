import { formatAddress, type Header, type Reply, type Route, reply, type Transaction } from 'mailwright'

// RFC 3463 §3.5: 5.4.6 is "routing loop detected".
export const loop: Reply = reply(554, '5.4.6', 'This message has been delivered to that address before')

/** The addresses by which a message has gone into mailboxes already, as our own field on top says. */
export class DeliveredBefore {
  readonly #addresses: ReadonlySet<string>

  constructor(header: Header) {
    this.#addresses = new Set(header.all('Delivered-To').map(({ body }) => body.toLowerCase()))
  }

  by(route: Route): boolean {
    if (route.kind !== 'account' || this.#addresses.size === 0) return false
    return this.#addresses.has(formatAddress(route.address).toLowerCase())
  }
}

/**
 * Refuses a message that was delivered to one of its recipients before. Where all have one answer it has to be said before
 * anybody gets the message: later the queue could only tell the sender, whom anybody may have named. By LMTP each recipient
 * has an answer of its own.
 */
export function loopRefusal(
  { session, recipients }: Pick<Transaction, 'session' | 'recipients'>,
  header: Header,
): Reply | undefined {
  if (session.role === 'lmtp') return undefined
  const before = new DeliveredBefore(header)
  return recipients.some(({ routes }) => routes.some((route) => before.by(route))) ? loop : undefined
}
