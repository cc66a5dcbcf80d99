import type { Address } from '../model/address/address.ts'
import type { RemoteRoute } from '../model/delivery.ts'
import { type ServiceKey, serviceKey } from './key.ts'

/** Knows which routes to other hosts lead through the same door, so that a queue can put them together. */
export interface NextHops {
  /**
   * What is delivered together and shares connections and trouble: the domain whose MX are asked, or the relay host. In lower case, up
   * to 255 characters.
   */
  destinationOf(route: RemoteRoute, reversePath: Address | null): string
}

export const nextHops: ServiceKey<NextHops> = serviceKey(
  'nextHops',
  'which mail for other hosts goes the same way',
  ['smtp-out'],
)
