import { type ServiceKey, serviceKey } from './key.ts'

/** What a DNS question brought. `failed` is "could not be asked" (SERVFAIL, timeout): never to be taken for "none". */
export type DnsAnswer<T> =
  | { readonly kind: 'found'; readonly records: readonly T[]; readonly secure: boolean }
  /** The name does not exist (NXDOMAIN) or has no such record. */
  | { readonly kind: 'none'; readonly nameExists: boolean }
  | { readonly kind: 'failed'; readonly text: string }

export interface MxRecord {
  readonly preference: number
  /** Canonical; empty for a null MX (RFC 7505). */
  readonly exchange: string
}

export interface TlsaRecord {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: Buffer
}

/** DNS with a cache. Names are canonical (lower case, A-labels, no final dot); what is no valid host name is refused unasked. */
export interface Resolver {
  addresses(name: string, family: 4 | 6): Promise<DnsAnswer<string>>
  mx(name: string): Promise<DnsAnswer<MxRecord>>
  /** Each record's strings joined. */
  txt(name: string): Promise<DnsAnswer<string>>
  /** The names of an IP address. */
  ptr(address: string): Promise<DnsAnswer<string>>
  tlsa(name: string): Promise<DnsAnswer<TlsaRecord>>
}

export const resolver: ServiceKey<Resolver> = serviceKey('resolver', 'DNS', ['core'])
