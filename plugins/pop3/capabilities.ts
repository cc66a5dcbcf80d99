/** What decides which capabilities a client sees. */
export interface CapabilityFacts {
  /** A password may be sent on this connection as it is now. */
  readonly mayLogIn: boolean
  /** STLS would work: in AUTHORIZATION, with certificates, without TLS. */
  readonly mayStartTls: boolean
}

/** The capability list (RFC 2449 §6), one string a line. */
export function capabilities({ mayLogIn, mayStartTls }: CapabilityFacts): readonly string[] {
  return [
    'TOP',
    'UIDL',
    'RESP-CODES',
    // RFC 3206 §6
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    ...(mayLogIn ? ['USER', 'SASL PLAIN'] : []),
    // RFC 2595 §4: announced in the AUTHORIZATION state only.
    ...(mayStartTls ? ['STLS'] : []),
    'IMPLEMENTATION Mailwright',
  ]
}
