import { isIP } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import { type Clock, errorText, UnavailableError } from 'mailwright'
import {
  ClientTrust,
  channelBinding,
  type LineConnection,
  type OwnCertificateText,
  type TrustProblem,
  trustProblem,
} from 'mailwright/network'
import { peerChain, verifyDane } from './dane/index.ts'
import { loadOwnCertificate, type OwnCertificate } from './own-certificate.ts'
import type { SecurityFailure, TlsRequirement } from './requirement.ts'

/** What is known of a connection under TLS. */
export interface Secured {
  /** With the cipher: `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
  readonly version: string
  /** The host has proven to be the one that was demanded, or, where nothing was, the one that was meant. */
  readonly isVerified: boolean
  /** What would have been wrong, had a proof been demanded. */
  readonly weakness?: SecurityFailure
  /** What ties a login to this connection (RFC 9266, tls-exporter); with TLS 1.3. */
  readonly channelBinding?: Buffer
}

/** TLS did not come about as it was demanded. */
export class SecurityError extends Error {
  readonly failure: SecurityFailure

  constructor(failure: SecurityFailure, options: ErrorOptions = {}) {
    super(failure.detail, options)
    this.name = 'SecurityError'
    this.failure = failure
  }
}

export interface ClientTlsSettings {
  /** Path of a PEM file of further authorities. */
  readonly authorities: string | undefined
  /** Certificates are valid for a time. */
  readonly clock: Clock
}

/** How one connection is secured. */
export interface SecuringSettings {
  /** Milliseconds. */
  readonly timeout: number
  /** Names those connections whose sessions may be resumed. */
  readonly key: string
  /** What we show to the host. */
  readonly certificate: OwnCertificate | undefined
}

/** A session that may be resumed, and what was known of the host when it began. */
interface KeptSession {
  readonly ticket: Buffer
  readonly weakness: SecurityFailure | undefined
}

/** What was made of the files of a certificate, as long as they hold the same. */
interface MadeContext {
  readonly text: OwnCertificateText
  readonly context: SecureContext
}

interface Handshake {
  readonly host: string
  readonly requirement: TlsRequirement
  readonly timeout: number
  readonly ticket: Buffer | undefined
  readonly secureContext: SecureContext
}

/** Sessions that are kept to be resumed. */
const mostSessions = 1_000

/** The client's side of TLS: trusted authorities, resumed sessions, and the proof that is demanded. */
export class ClientTls {
  readonly #clock: Clock
  readonly #trust: ClientTrust
  readonly #sessions = new Map<string, KeptSession>()
  readonly #certified = new Map<string, MadeContext>()

  constructor({ authorities, clock }: ClientTlsSettings) {
    this.#clock = clock
    this.#trust = new ClientTrust(authorities)
  }

  /** Reads the authorities of the config. Throws where the file cannot be read. */
  start(): void {
    this.#trust.start()
  }

  /** Of whom we trust, for connections on which we show no certificate. */
  get context(): SecureContext {
    return this.#trust.context
  }

  /** MAIL_E_UNAVAILABLE where the files of a certificate cannot be read, or hold none. */
  async #contextOf(certificate: OwnCertificate | undefined): Promise<SecureContext> {
    if (certificate === undefined) return this.context
    const text = await loadOwnCertificate(certificate)
    const made = this.#certified.get(certificate.cert)
    if (made?.text.cert === text.cert && made.text.key === text.key) return made.context
    try {
      const context = this.#trust.contextWith(text)
      this.#certified.set(certificate.cert, { text, context })
      return context
    } catch (cause) {
      throw new UnavailableError(`${certificate.cert} and its key are of no use: ${errorText(cause)}`, {
        cause,
      })
    }
  }

  /**
   * Goes on under TLS and has the host prove itself. Rejects with {@link SecurityError}; the connection is then of no use. Rejects with
   * MAIL_E_UNAVAILABLE where our own certificate cannot be had.
   */
  async secure(
    connection: LineConnection,
    host: string,
    requirement: TlsRequirement,
    { timeout, key, certificate }: SecuringSettings,
  ): Promise<Secured> {
    const secureContext = await this.#contextOf(certificate)
    // A resumed session shows no certificate: whoever has to prove something does so each time, we as well.
    const isProof =
      requirement.level === 'verify' || requirement.level === 'dane' || certificate !== undefined
    const kept = isProof ? undefined : this.#sessions.get(key)
    const socket = await this.#handshake(connection, {
      host,
      requirement,
      timeout,
      ticket: kept?.ticket,
      secureContext,
    }).catch((error: unknown) => {
      this.#sessions.delete(key)
      throw error
    })
    const failure = this.#failureOf(socket, host, requirement)
    if (failure !== undefined) {
      connection.destroy()
      throw new SecurityError(failure)
    }
    const isResumed = kept !== undefined && socket.isSessionReused()
    const isDemanded = requirement.level === 'verify' || requirement.level === 'dane'
    const weakness = isDemanded ? undefined : isResumed ? kept.weakness : trustFailure(socket, [host])
    if (!isProof) socket.on('session', (ticket: Buffer) => this.#keep(key, { ticket, weakness }))
    const binding = channelBinding(socket).data('tls-exporter')
    return {
      version: [socket.getProtocol() ?? 'TLS', socket.getCipher().standardName].join(' '),
      isVerified: weakness === undefined,
      ...(weakness === undefined ? {} : { weakness }),
      ...(binding === undefined ? {} : { channelBinding: binding }),
    }
  }

  async #handshake(
    connection: LineConnection,
    { host, requirement, timeout, ticket, secureContext }: Handshake,
  ): Promise<TLSSocket> {
    // RFC 7672 §8.1: the name below which the TLSA records are.
    const serverName = (requirement.level === 'dane' ? requirement.names[0] : undefined) ?? host
    const options = {
      secureContext,
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(ticket === undefined ? {} : { session: ticket }),
      // Whether the certificate will do is looked at afterwards, by what is demanded.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }
    try {
      return await connection.secureAsClient(options, timeout)
    } catch (error) {
      const { cause } = Object(error) as { cause?: unknown }
      const detail = cause === undefined ? 'the handshake was given up' : errorText(cause)
      throw new SecurityError({ result: 'validation-failure', detail }, { cause: error })
    }
  }

  #failureOf(socket: TLSSocket, host: string, requirement: TlsRequirement): SecurityFailure | undefined {
    if (requirement.level === 'dane') {
      const { tlsa = [], names } = requirement
      return verifyDane(peerChain(socket), tlsa, names, this.#clock.now())
    }
    if (requirement.level !== 'verify') return undefined
    return trustFailure(socket, requirement.names.length === 0 ? [host] : requirement.names)
  }

  #keep(key: string, session: KeptSession): void {
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > mostSessions && oldest !== undefined) this.#sessions.delete(oldest)
  }
}

function trustFailure(socket: TLSSocket, names: readonly string[]): SecurityFailure | undefined {
  const problem = trustProblem(socket, names)
  return problem === undefined ? undefined : { result: results[problem.kind], detail: problem.detail }
}

// RFC 8460 §4.3.
const results: Readonly<Record<TrustProblem['kind'], SecurityFailure['result']>> = {
  expired: 'certificate-expired',
  untrusted: 'certificate-not-trusted',
  mismatch: 'certificate-host-mismatch',
}
