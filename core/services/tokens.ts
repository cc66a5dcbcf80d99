import { type ServiceKey, serviceKey } from './key.ts'

/** What is known of a bearer token (RFC 6750). */
export type TokenFacts =
  | {
      readonly active: true
      /** Whose it is, as the accounts service knows logins. */
      readonly login: string
    }
  /** It is none, or expired, revoked, or for somebody else's services. */
  | { readonly active: false }

/** What a client is told that has no valid token (RFC 7628 §3.2.2), so that it can get one. */
export interface TokenHints {
  /** A scope that tokens for this server need. */
  readonly scope?: string
  /** The URL of the OpenID provider's configuration. */
  readonly openidConfiguration?: string
}

/** Bearer tokens in the place of passwords: who gave them out is asked, for the accounts service cannot tell. */
export interface Tokens {
  readonly hints: TokenHints
  /** MAIL_E_UNAVAILABLE where it cannot be found out now. */
  introspect(token: string): Promise<TokenFacts>
}

export const tokens: ServiceKey<Tokens> = serviceKey('tokens', 'bearer tokens (OAuth)', [
  'oauth-introspection',
])
