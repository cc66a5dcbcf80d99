/** What decides which capabilities a client sees. */
export interface CapabilityFacts {
  /** A password may be sent on this connection as it is now. */
  readonly mayLogIn: boolean
  /** Mechanisms of AUTH that may be used as things are. */
  readonly mechanisms: readonly string[]
  /** STLS would work: in AUTHORIZATION, with certificates, without TLS. */
  readonly mayStartTls: boolean
}

/** The capability list (RFC 2449 §6), one string a line. */
export function capabilities({ mayLogIn, mechanisms, mayStartTls }: CapabilityFacts): readonly string[] {
  return [
    'TOP',
    'UIDL',
    'RESP-CODES',
    // RFC 3206 §6
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    ...(mayLogIn ? ['USER'] : []),
    // RFC 5034 §3: also after a login.
    ...(mechanisms.length === 0 ? [] : [`SASL ${mechanisms.join(' ')}`]),
    // RFC 2595 §4: announced in the AUTHORIZATION state only.
    ...(mayStartTls ? ['STLS'] : []),
    // RFC 6856 §2.2: names and passwords may be UTF-8 in any case.
    'UTF8 USER',
    'LANG',
    'IMPLEMENTATION Mailwright',
  ]
}
