import type { Address } from 'mailwright'
import type { LocalDeliveryOptions } from './options.ts'

/** Who reads the mail of addresses that every domain must have. */
export type Persons = Pick<LocalDeliveryOptions, 'postmaster' | 'abuse'>

/** Who reads what such an address gets; `isOwnName` for one at this server's own names, or without a domain. */
export function personFor(persons: Persons, { localPart }: Address, isOwnName: boolean): Address | undefined {
  const name = localPart.toLowerCase()
  // What other servers call the sender of notifications.
  if (isOwnName && name === 'mailer-daemon') return persons.postmaster
  return name === 'postmaster' || name === 'abuse' ? persons[name] : undefined
}
