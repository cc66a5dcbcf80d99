import type { Resolver } from 'mailwright'
import type { AddressFamily } from '../options.ts'

/** The IP addresses of a host, in the order in which they are tried. */
export interface HostAddresses {
  readonly addresses: readonly string[]
  /** Some question had no answer: that there is nothing does not follow. */
  readonly failed: boolean
}

/** IPv4 and IPv6 by turns (RFC 8305 §4), so that a family that does not work costs one attempt. */
export async function addressesOf(
  host: string,
  resolver: Resolver,
  family: AddressFamily,
  random: () => number,
): Promise<HostAddresses> {
  const wanted = familiesOf(family, random)
  const answers = await Promise.all(wanted.map((each) => resolver.addresses(host, each)))
  const lists = answers.map((answer) => (answer.kind === 'found' ? shuffled(answer.records, random) : []))
  const longest = Math.max(...lists.map(({ length }) => length))
  const addresses = Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat()
  return {
    addresses,
    failed: answers.some(({ kind }) => kind === 'failed'),
  }
}

function familiesOf(family: AddressFamily, random: () => number): readonly (4 | 6)[] {
  switch (family) {
    case 'ipv4':
      return [4]
    case 'ipv6':
      return [6]
    case 'prefer-ipv4':
      return [4, 6]
    case 'prefer-ipv6':
      return [6, 4]
    default:
      return random() < 0.5 ? [4, 6] : [6, 4]
  }
}

function shuffled(list: readonly string[], random: () => number): readonly string[] {
  return list
    .map((value) => ({ value, lot: random() }))
    .sort((one, other) => one.lot - other.lot)
    .map(({ value }) => value)
}
