import { createSecureContext, type SecureContext, type TLSSocketOptions } from 'node:tls'
import type { Clock } from '../clock.ts'
import type { Certificates } from '../services/certificates.ts'
import { clientCiphers, contextLifetime, tlsPolicy } from './tls-policy.ts'

interface MadeContext {
  readonly context: SecureContext
  /** On the clock's monotonic scale. */
  readonly until: number
}

/**
 * The side of TLS of a listener for clients: a context for each certificate, made once, and again when certificates are
 * renewed and from time to time.
 */
export class ServerTls {
  readonly #certificates: Certificates
  readonly #protocols: readonly string[]
  readonly #clock: Clock
  readonly #contexts = new Map<string, MadeContext>()
  #unsubscribe: (() => void) | undefined

  /** Protocols are named as ALPN names them, such as `imap` (RFC 7301 §6). Without any nothing is asked of a client. */
  constructor(certificates: Certificates, protocols: string | readonly string[], clock: Clock) {
    this.#certificates = certificates
    this.#protocols = [protocols].flat()
    this.#clock = clock
  }

  start(): void {
    this.#unsubscribe = this.#certificates.onChange(() => this.#contexts.clear())
  }

  stop(): void {
    this.#unsubscribe?.()
  }

  /** For one connection. Rejects where there is no certificate to be had. */
  async options(): Promise<TLSSocketOptions> {
    return {
      secureContext: await this.#context(undefined),
      // A client that speaks another protocol under TLS is turned away (RFC 7301 §3.2): it was led here by somebody.
      ...(this.#protocols.length === 0 ? {} : { ALPNProtocols: [...this.#protocols] }),
      SNICallback: (serverName, done) => {
        this.#context(serverName).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        )
      },
    }
  }

  async #context(serverName: string | undefined): Promise<SecureContext> {
    const { key, chain } = await this.#certificates.forName(serverName)
    const now = this.#clock.monotonic()
    const known = this.#contexts.get(chain)
    if (known !== undefined && now < known.until) return known.context
    const context = createSecureContext({ ...tlsPolicy, ciphers: clientCiphers, key, cert: chain })
    this.#contexts.set(chain, { context, until: now + contextLifetime })
    return context
  }
}
