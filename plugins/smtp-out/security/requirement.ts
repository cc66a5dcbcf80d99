import type { TlsaRecord } from 'mailwright'

/** What has to be true of the connection to one host before mail is given to it. */
export interface TlsRequirement {
  /**
   * `none`: no TLS at all. `may`: TLS where it is offered, whatever the certificate (RFC 7435). `encrypt`: TLS, whatever the certificate.
   * `verify`: a certificate of a known authority for one of `names`. `dane`: as the TLSA records say (RFC 7672).
   */
  readonly level: 'none' | 'may' | 'encrypt' | 'verify' | 'dane'
  /** Reference identities for `verify` and for DANE's DANE-TA; `.example.org` means any name one label below. */
  readonly names: readonly string[]
  /** Of DNSSEC-secured answers only; for `dane` those that count, for `encrypt` those of which none can be used. */
  readonly tlsa?: readonly TlsaRecord[]
  /** Who demands it, for logs, the history and TLS-RPT. */
  readonly source: 'config' | 'dane' | 'mta-sts' | 'require-tls' | 'default'
}

/** A host that may take the mail of a destination. */
export interface Candidate {
  /** Its name as the MX record or the config has it; canonical. */
  readonly host: string
  readonly port: number
  /** Every answer on the way from the domain to the host was secured by DNSSEC. */
  readonly secure: boolean
}

/** Finds out what each candidate has to fulfil. One of several sources: the strictest that has an opinion wins. */
export interface SecurityPolicy {
  /**
   * Undefined: no opinion of this candidate. `refused`: mail for the domain must not go to it (an MX that an MTA-STS policy does not list).
   * A rejection is "not now" for the candidate: an answer that is needed cannot be had (RFC 7672 §2.1.1).
   */
  requirementFor(domain: string, candidate: Candidate): Promise<TlsRequirement | 'refused' | undefined>
}

/** How one attempt to secure a session ended (RFC 8460 §4.3 names the results). */
export interface SecuritySession {
  /** The domain that the mail is for. */
  readonly domain: string
  readonly candidate: Candidate
  readonly requirement: TlsRequirement
  /** Undefined: the session was secured as demanded. */
  readonly failure?: SecurityFailure
}

/** RFC 8460 §4.3. */
export interface SecurityFailure {
  readonly result:
    | 'starttls-not-supported'
    | 'certificate-host-mismatch'
    | 'certificate-expired'
    | 'certificate-not-trusted'
    | 'validation-failure'
    | 'tlsa-invalid'
    | 'dnssec-invalid'
    | 'dane-required'
    | 'sts-policy-fetch-error'
    | 'sts-policy-invalid'
    | 'sts-webpki-invalid'
  readonly detail: string
}

/** Is told of every session; for TLS-RPT. Must not fail or wait. */
export type SecurityObserver = (session: SecuritySession) => void
