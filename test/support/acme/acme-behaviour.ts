import type { Validity } from './acme-ca.ts'
import type { Jwk } from './acme-jws.ts'

/** What a test wants of the authority; all of it may be changed at any time. */
export interface AcmeBehaviour {
  /** Where challenges are looked for, on this machine. */
  validationPort: number
  /** Signed requests that are answered with badNonce from now on. */
  badNonces: number
  /** How often an order that is being signed is still so when looked at, and the seconds of its Retry-After. */
  processing: { times: number; retryAfter?: number }
  /** Seconds for which nobody may order; 0: anybody may. */
  rateLimit: number
  offers: readonly ('http-01' | 'tls-alpn-01' | 'dns-01')[]
  validity: () => Validity
  /** What is suggested for renewals, by any certificate; undefined: renewals are not spoken of. */
  renewalWindow: { start: string; end: string; explanationURL?: string } | undefined
  /** Only these may have accounts: their secrets by key id. */
  externalAccounts: ReadonlyMap<string, Buffer> | undefined
  /** Takes the place of an answer: status and text. */
  instead:
    | ((path: string) => { status: number; text: string; headers?: Record<string, string> } | undefined)
    | undefined
}

export interface TestOrder {
  readonly account: string
  readonly names: readonly string[]
  readonly replaces: string | undefined
  status: string
  chain: string
  polls: number
}

export interface TestAuthorization {
  readonly name: string
  readonly order: TestOrder
  readonly token: string
  status: string
  error: unknown
}

export interface TestAccount {
  readonly jwk: Jwk
  contact: unknown
  keyId: string | undefined
}

const day = 24 * 60 * 60 * 1000

/** An authority that looks for challenges nowhere yet, and gives out certificates for 90 days. */
export function ordinaryBehaviour(): AcmeBehaviour {
  return {
    validationPort: 0,
    badNonces: 0,
    processing: { times: 0 },
    rateLimit: 0,
    offers: ['dns-01', 'http-01', 'tls-alpn-01'],
    validity: () => ({ from: Date.now() - 60_000, to: Date.now() + 90 * day }),
    renewalWindow: undefined,
    externalAccounts: undefined,
    instead: undefined,
  }
}
