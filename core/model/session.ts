import type { Account } from './account.ts'

/**
 * What a listener is for, in the words of RFC 5598 and RFC 6409. `local` is a session without a network: the
 * `deliver` command, a mail made by a plugin. A plugin with another protocol has a role of its own.
 */
export type SessionRole =
  | 'transfer'
  | 'submission'
  | 'lmtp'
  | 'pop3'
  | 'imap'
  | 'managesieve'
  | 'http'
  | 'local'
  | OwnRole

/** The role of a plugin's own protocol: the package's name, a hyphen and a word, such as `example-nntp`. */
export type OwnRole = `${string}-${string}`

/** One end of a connection. */
export interface Endpoint {
  /** An IP address in canonical text form, or the path of a Unix socket. */
  readonly address: string
  /** 0 for a Unix socket. */
  readonly port: number
}

/** The client's end of a connection. */
export interface ClientEndpoint extends Endpoint {
  /**
   * The name of the address, where somebody whose word is taken has stated it (XCLIENT): null where it has none, or none that can be
   * found out now. Absent where nobody has: `confirmedName` asks the DNS then.
   */
  readonly name?: string | null
}

/** The certificate that a client has shown, and has proved to have the key of. */
export interface ClientCertificate {
  /** SHA-256 of the certificate, 64 hexadecimal digits in lower case. */
  readonly fingerprint256: string
  /**
   * The subject's attributes in the order of the certificate, such as `O=Example, CN=relay.example`, escaped as in RFC 4514
   * §2.4; at most 500 characters. Only as true as whoever signed it.
   */
  readonly subject: string
  /** Whether it comes from an authority that the listener trusts, and is valid now. */
  readonly verified: boolean
}

/** What is known of a session's TLS. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly version: string
  /** The cipher suite's standard name. */
  readonly cipher: string
  /** The name the client asked for (SNI), where it did. */
  readonly serverName?: string
  /** Where the listener asked for one and the client had one. */
  readonly clientCertificate?: ClientCertificate
}

/** What the client said in HELO, EHLO or LHLO. */
export interface Hello {
  readonly name: string
  /** False for a plain HELO. */
  readonly extended: boolean
}

/**
 * One connection of one client, of any protocol. Plugins read it; only the flow changes it. Plugins that need to
 * remember something of a session use a WeakMap with the session as key.
 */
export interface Session {
  /** Sortable by time, unique over all nodes. */
  readonly id: string
  readonly role: SessionRole
  /** Name of the plugin instance that opened the session. */
  readonly listener: string
  readonly startedAt: Date
  readonly local: Endpoint
  readonly remote: ClientEndpoint
  /** Absent on a connection in clear. */
  readonly tls: TlsFacts | undefined
  readonly hello: Hello | undefined
  /** Who has logged in. */
  readonly account: Account | undefined
  /**
   * Why the client is one of our own, in words: it has logged in, is a program of this machine, or `claimClient` says so.
   * Undefined for a stranger.
   */
  readonly ownClient: string | undefined
  /**
   * Whether its mail is what the server itself tells somebody, such as an automatic reply or a notification, of which nobody keeps a
   * copy: refused, it is lost. False for what a program of this machine hands in.
   */
  readonly internal: boolean
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal
}

/** Someone trying to log in. The secret is not part of it: no plugin but the accounts service sees it. */
export interface LoginAttempt {
  /** The SASL mechanism or protocol command, in capitals: `PLAIN`, `SCRAM-SHA-256`, `USER`. */
  readonly mechanism: string
  /** The name as the client gave it. Empty where it gave none: a bearer token has its own (RFC 7628 §3.1). */
  readonly login: string
  /** The identity to act as, where it differs (RFC 4616 §2). */
  readonly authorizationIdentity?: string
}
