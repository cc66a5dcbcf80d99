import { type ServiceKey, serviceKey } from './key.ts'

/** What a DNS question brought. `failed` is "could not be asked" (SERVFAIL, timeout): never to be taken for "none". */
export type DnsAnswer<T> = DnsFound<T> | DnsNone | { readonly kind: 'failed'; readonly text: string }

export interface DnsFound<T> {
  readonly kind: 'found'
  readonly records: readonly T[]
  /** Validated with DNSSEC, with every alias on the way, by a resolver that the config or the machine lets us believe. */
  readonly secure: boolean
  /** Where the name is an alias (CNAME): the name that has the records, canonical. */
  readonly canonicalName?: string
}

/** The name does not exist (NXDOMAIN) or has no such record that can be used. */
export interface DnsNone {
  readonly kind: 'none'
  readonly nameExists: boolean
  /** Its absence was validated with DNSSEC. No where absent. */
  readonly secure?: boolean
  /** There are such records, and none that can be used: MX that name no host. No where absent. */
  readonly unusable?: boolean
}

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
  /** The name servers of a zone. */
  ns(name: string): Promise<DnsAnswer<string>>
  /** The one name that a name is an alias of, not followed further: how secure the alias is by itself (RFC 7672 §2.2.2). */
  cname(name: string): Promise<DnsAnswer<string>>
}

export const resolver: ServiceKey<Resolver> = serviceKey('resolver', 'DNS', ['core'])
