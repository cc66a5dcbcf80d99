import { type Address, sameAddress } from '../model/address/address.ts'
import type { DeliveryFlow, RouteResult } from './flow.ts'
import { noRoute } from './routing.ts'

/** Expansions of one address alone. */
const ofOne: ReadonlySet<string | undefined> = new Set(['alias', 'srs'])

/**
 * Where an address of ours leads that no account has: a file of aliases, or a program, may have it. A relay would send it back
 * to us, or to a smart host that does: that is no place.
 */
export async function ownRoute(
  address: Address,
  delivery: Pick<DeliveryFlow, 'route'>,
): Promise<RouteResult> {
  const routed = await delivery.route({ address, original: address })
  const leadsBack =
    routed.ok && routed.routes.some((route) => route.kind === 'remote' && sameAddress(route.address, address))
  return leadsBack ? { ok: false, reply: noRoute } : routed
}

/** Whether the very address was expanded: a catch-all, or a pattern, has every address. */
export function hasVeryAddress({ via }: RouteResult): boolean {
  return ofOne.has(via)
}
