import { isIP, isIPv6 } from 'node:net'
import { confirmedName, type Reply, type Resolver, reply, type Session } from 'mailwright'

const loopback = /^(?:127\.|::1$)/
// As many as are looked at to confirm a name.
const mostNames = 5

// RFC 7372 §3.3: X.7.25 is "reverse DNS validation failed".
function nameless(address: string): Reply {
  return reply(550, '5.7.25', `Your address ${address} has no name in the DNS (PTR)`)
}

function unconfirmed(address: string): Reply {
  return reply(550, '5.7.25', `The name of your address ${address} (PTR) does not have that address`)
}

function later(address: string): Reply {
  return reply(450, '4.7.25', `The name of your address ${address} cannot be looked up now`)
}

/** The client's address has no name at all. */
export async function unknownReverseClient(session: Session, resolver: Resolver): Promise<Reply | undefined> {
  const { address } = session.remote
  if (hasNoName(address)) return undefined
  const { kind } = await resolver.ptr(address)
  if (kind === 'failed') return later(address)
  return kind === 'none' ? nameless(address) : undefined
}

/** The client's address has no name that has the address in turn. */
export async function unknownClient(session: Session, resolver: Resolver): Promise<Reply | undefined> {
  const { address } = session.remote
  if (hasNoName(address)) return undefined
  const names = await resolver.ptr(address)
  if (names.kind === 'failed') return later(address)
  if (names.kind === 'none') return nameless(address)
  if ((await confirmedName(resolver, address)) !== undefined) return undefined
  const asked = names.records
    .slice(0, mostNames)
    .map((name) => resolver.addresses(name, isIPv6(address) ? 6 : 4))
  const failed = (await Promise.all(asked)).some(({ kind }) => kind === 'failed')
  return failed ? later(address) : unconfirmed(address)
}

/** Clients of this machine, and of a Unix socket. */
function hasNoName(address: string): boolean {
  return isIP(address) === 0 || loopback.test(address)
}
