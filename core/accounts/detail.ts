import type { Address } from '../model/address/address.ts'

/** An address with its detail split off (RFC 5233). */
export interface DetailedAddress {
  readonly address: Address
  /** As the sender spelt it; may be empty (`jo+@example.org`). */
  readonly detail: string
}

/**
 * Splits at the first separator: `jo+lists+ietf` is `jo` with the detail `lists+ietf`. Undefined where there is nothing
 * to split, or nothing before the separator, or the separator is empty.
 */
export function splitDetail({ localPart, domain }: Address, separator: string): DetailedAddress | undefined {
  const at = separator === '' ? -1 : localPart.indexOf(separator)
  if (at <= 0) return undefined
  return {
    address: { localPart: localPart.slice(0, at), domain },
    detail: localPart.slice(at + separator.length),
  }
}
