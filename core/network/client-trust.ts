import { readFileSync } from 'node:fs'
import { createSecureContext, getCACertificates, type SecureContext, type TLSSocket } from 'node:tls'
import { isFor } from './reference-identity.ts'
import { tlsPolicy } from './tls-policy.ts'

/** A certificate of our own: the texts of PEM files. */
export interface OwnCertificateText {
  readonly cert: string
  readonly key: string
}

/** Whom we trust as a client of TLS: the well-known authorities, the system's, and those of the config. */
export class ClientTrust {
  readonly #file: string | undefined
  #authorities: readonly string[] = []
  #made: SecureContext | undefined

  /** @param authorities Path of a PEM file of further authorities. */
  constructor(authorities: string | undefined) {
    this.#file = authorities
  }

  /** Reads the authorities of the config. Throws where the file cannot be read. */
  start(): void {
    if (this.#file !== undefined) this.#authorities = [readFileSync(this.#file, 'utf8')]
  }

  /** For connections on which we show no certificate. Made when it is first needed: the system's authorities are many. */
  get context(): SecureContext {
    this.#made ??= this.#newContext({})
    return this.#made
  }

  /** For connections on which we show one. Throws where it is none, or not that of the key. */
  contextWith(certificate: OwnCertificateText): SecureContext {
    return this.#newContext(certificate)
  }

  #newContext(own: Partial<OwnCertificateText>): SecureContext {
    return createSecureContext({
      minVersion: tlsPolicy.minVersion,
      secureOptions: tlsPolicy.secureOptions,
      ca: [...getCACertificates('default'), ...getCACertificates('system'), ...this.#authorities],
      ...own,
    })
  }
}

/** Why a certificate proves nothing. */
export interface TrustProblem {
  readonly kind: 'expired' | 'untrusted' | 'mismatch'
  /** In words. */
  readonly detail: string
}

/** What keeps the certificate of a server from being one of a known authority for one of the names (RFC 9525 §6). */
export function trustProblem(socket: TLSSocket, names: readonly string[]): TrustProblem | undefined {
  if (!socket.authorized) {
    const problem = String(socket.authorizationError)
    const kind = problem === 'CERT_HAS_EXPIRED' ? 'expired' : 'untrusted'
    return { kind, detail: `the certificate is not trusted (${problem})` }
  }
  if (isFor(socket.getPeerCertificate(), names)) return undefined
  return { kind: 'mismatch', detail: `the certificate is not for ${names.join(' or ')}` }
}
