import { isIP, isIPv6 } from 'node:net'
import {
  type ClientEndpoint,
  confirmedName,
  type Reply,
  type Resolver,
  reply,
  type Session,
} from 'mailwright'

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

// Whoever said so did not say whether for good: Postfix's `unknown_client_reject_code` is 450.
function toldNameless(address: string): Reply {
  return reply(450, '4.7.25', `Your address ${address} has no name as far as we were told`)
}

function later(address: string): Reply {
  return reply(450, '4.7.25', `The name of your address ${address} cannot be looked up now`)
}

/** The client's address has no name at all. */
export function unknownReverseClient({ remote }: Session, resolver: Resolver): Promise<Reply | undefined> {
  return unlessTold(remote, async (address) => {
    const { kind } = await resolver.ptr(address)
    if (kind === 'failed') return later(address)
    return kind === 'none' ? nameless(address) : undefined
  })
}

/** The client's address has no name that has the address in turn. */
export function unknownClient({ remote }: Session, resolver: Resolver): Promise<Reply | undefined> {
  return unlessTold(remote, async (address) => {
    const names = await resolver.ptr(address)
    if (names.kind === 'failed') return later(address)
    if (names.kind === 'none') return nameless(address)
    if ((await confirmedName(resolver, remote)) !== undefined) return undefined
    const asked = names.records
      .slice(0, mostNames)
      .map((name) => resolver.addresses(name, isIPv6(address) ? 6 : 4))
    const failed = (await Promise.all(asked)).some(({ kind }) => kind === 'failed')
    return failed ? later(address) : unconfirmed(address)
  })
}

/** Clients of this machine, and of a Unix socket, have no name to be looked up. */
async function unlessTold(
  { address, name }: ClientEndpoint,
  lookUp: (address: string) => Promise<Reply | undefined>,
): Promise<Reply | undefined> {
  if (name === null) return toldNameless(address)
  if (name !== undefined || isIP(address) === 0 || loopback.test(address)) return undefined
  return lookUp(address)
}
