import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate, Certificates, Clock, Log } from 'mailwright'
import { contextLifetime, tlsPolicy } from 'mailwright/network'
import { readClientAuthorities } from './client-authorities.ts'

// OpenSSL breaks off what would resume a session with a client certificate, unless the session has a name of its place.
const sessionIdContext = 'mailwright-smtp'

interface MadeContext {
  readonly context: SecureContext
  /** On the clock's monotonic scale. */
  readonly until: number
}

/** What contexts are made with beside the keys. */
export interface SecureContextSettings {
  /** Absolute path: clients' certificates are verified by the authorities in it, else by those that Node.js trusts. */
  readonly authoritiesFile?: string | undefined
  /** Node.js's own list where absent. */
  readonly ciphers?: string | undefined
}

/** TLS contexts made of the certificates service's keys, each made once, and again after a change and from time to time. */
export class SecureContexts {
  readonly #certificates: Certificates
  readonly #log: Log
  readonly #clock: Clock
  readonly #settings: SecureContextSettings
  #authorities: readonly string[] | undefined
  // By chain: there are only so many certificates, and any number of names that clients may ask for.
  #made = new Map<string, MadeContext>()
  #default: Certificate | undefined
  #unlisten: (() => void) | undefined

  constructor(certificates: Certificates, log: Log, clock: Clock, settings: SecureContextSettings = {}) {
    this.#certificates = certificates
    this.#log = log
    this.#clock = clock
    this.#settings = settings
  }

  /** For clients that name no server. Undefined before `start`. */
  get fallback(): SecureContext | undefined {
    return this.#default && this.#make(this.#default)
  }

  /** Reads the authorities. Fails where they cannot be used. */
  async check(): Promise<void> {
    const file = this.#settings.authoritiesFile
    this.#authorities = file === undefined ? undefined : await readClientAuthorities(file)
  }

  /** Fails where there is no usable certificate, or a file of authorities without one. */
  async start(): Promise<void> {
    await this.check()
    await this.#takeDefault()
    this.#unlisten = this.#certificates.onChange(() => {
      this.#renew().catch((error) =>
        this.#log.error('certificate', { text: 'the new certificate cannot be used', error }),
      )
    })
  }

  stop(): void {
    this.#unlisten?.()
  }

  /** For a server name (SNI, RFC 6066 §3). */
  async forName(serverName: string): Promise<SecureContext> {
    return this.#make(await this.#certificates.forName(serverName))
  }

  async #renew(): Promise<void> {
    const before = this.#made
    this.#made = new Map()
    try {
      await this.#takeDefault()
    } catch (error) {
      this.#made = before
      throw error
    }
  }

  /** The one before stays where the new one cannot be used. */
  async #takeDefault(): Promise<void> {
    const certificate = await this.#certificates.forName()
    this.#make(certificate)
    this.#default = certificate
  }

  #make({ key, chain }: Certificate): SecureContext {
    const now = this.#clock.monotonic()
    const made = this.#made.get(chain)
    if (made !== undefined && now < made.until) return made.context
    const { ciphers } = this.#settings
    const context = createSecureContext({
      ...tlsPolicy,
      key,
      cert: chain,
      sessionIdContext,
      ...(ciphers === undefined ? {} : { ciphers }),
      ...(this.#authorities === undefined ? {} : { ca: [...this.#authorities] }),
    })
    this.#made.set(chain, { context, until: now + contextLifetime })
    return context
  }
}
